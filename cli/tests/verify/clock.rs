//! The clock.

use serde_json::{Value, json};
use webhooks::signature::{Hash, sign};
use webhooks::timestamp::Timestamp;
use webhooks_cli::verify::check_request;

use crate::request::{
    NOW, OTHER, SECRET, assert_explains, assert_found, check, hex, stripe, with, with_header,
};

// The clock

#[test]
fn without_now_the_clock_of_the_machine_counts() {
    let request = with(stripe("{}"), "now", Value::Null);
    let answer = |clock| {
        let json = request.to_string();
        check_request(webhooks::provider::table::STRIPE, json.as_bytes(), clock)
    };
    let answer_at = |seconds| answer(Timestamp::from_seconds(seconds)).expect("it is in order");
    assert!(answer_at(NOW + 300).good);
    let late = answer_at(NOW + 301);
    assert!(late.text.contains("off by 301 s"), "{}", late.text);
    assert!(late.text.contains("no field now"), "{}", late.text);
    assert_found("stripe", &request, "off by ");
}

#[test]
fn a_clock_that_is_off_is_told_from_a_bad_signature() {
    let request = stripe("{}");
    let why = "the signature is right, but the clock is off by 301 s: the request was signed that \
               long before";
    assert_explains(
        "stripe",
        &request,
        &with(request.clone(), "now", NOW + 301),
        why,
    );
    assert_found(
        "stripe",
        &with(request.clone(), "now", NOW - 4000),
        "off by 4000 s",
    );
    assert_found(
        "stripe",
        &with(request, "now", NOW - 4000),
        "that long after",
    );
}

#[test]
fn a_clock_that_is_off_besides_is_told_as_well() {
    let late = with(stripe("{}"), "now", NOW + 1000);
    let compact = with(late.clone(), "body", "{}\n");
    assert_found(
        "stripe",
        &compact,
        "without the newline at its end; besides, the clock is off",
    );
    assert_found(
        "stripe",
        &with(late, "secrets", json!([OTHER])),
        "no secret gives",
    );
}

#[test]
fn milliseconds_are_told_from_a_clock_that_is_off() {
    let run = check("stripe", &with(stripe("{}"), "now", NOW * 1000));
    assert!(run.out.contains("now is in milliseconds"), "{}", run.out);
    let time = (NOW * 1000).to_string();
    let secret = webhooks::secret::Secret::new(SECRET).expect("not blank");
    let digest = hex(&sign(
        Hash::Sha256,
        secret.bytes(),
        &[time.as_bytes(), b".{}"],
    ));
    let header = format!("t={time},v1={digest}");
    let run = check(
        "stripe",
        &with_header(stripe("{}"), "Stripe-Signature", header),
    );
    assert!(run.out.contains("sign seconds"), "{}", run.out);
}
