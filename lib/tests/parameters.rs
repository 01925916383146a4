//! How many form parameters a Twilio delivery may have.

mod deliveries;

use deliveries::{FORM, JSON, NOW, post, secret, signed};
use webhooks::provider::twilio::TWILIO;
use webhooks::rejection::Rejection;
use webhooks::verify::{check_shape, verify};

fn form(parameters: usize) -> String {
    let pairs = (0..parameters).map(|number| format!("p{number}=v"));
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn refuses_a_form_of_more_parameters_than_twilio_sends_before_it_looks_at_a_secret() {
    let secret = secret("token");
    let delivery = signed(TWILIO, &post(FORM, form(1001)), &secret, NOW);
    let refused = Some(Rejection::TooManyParameters);
    assert_eq!(check_shape(TWILIO, &delivery, NOW).err(), refused);
    assert_eq!(verify(TWILIO, &delivery, &[secret], NOW).err(), refused);
}

#[test]
fn accepts_every_number_up_to_that() {
    let secret = secret("token");
    for parameters in [1, 500, 1000] {
        let delivery = signed(TWILIO, &post(FORM, form(parameters)), &secret, NOW);
        let verified = verify(TWILIO, &delivery, std::slice::from_ref(&secret), NOW);
        assert!(verified.is_ok(), "{parameters}");
    }
}

#[test]
fn counts_no_parameters_in_a_body_that_is_no_form() {
    let secret = secret("token");
    let body = format!("[{{\"url\": \"{}\"}}]", "&".repeat(5000));
    let delivery = signed(TWILIO, &post(JSON, body), &secret, NOW);
    assert!(verify(TWILIO, &delivery, &[secret], NOW).is_ok());
}
