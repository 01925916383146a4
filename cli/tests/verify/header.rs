//! The signature header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use webhooks::signature::{Hash, from_base64, from_hex};

use crate::request::{
    BUILT, FORM, OTHER, SIGNATURES, assert_explains, assert_found, check, github, hex, signed,
    stripe, twilio, vector, with, with_header, without_header,
};

#[test]
fn a_missing_header_is_named_with_what_sends_it() {
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let why = format!("the header {name} is missing");
        assert_explains(
            provider,
            &request,
            &without_header(request.clone(), name),
            &why,
        );
    }
    let run = check("github", &without_header(github("{}"), SIGNATURES[0]));
    assert!(
        run.out
            .contains("GitHub signs only when the webhook has a secret"),
        "{}",
        run.out
    );
}

#[test]
fn the_legacy_header_alone_does_not_count() {
    assert_found(
        "github",
        &vector("s-github-013"),
        "only the legacy SHA-1 header",
    );
    assert_found(
        "github",
        &vector("s-github-014"),
        "the legacy SHA-1 one is right",
    );
}

#[test]
fn the_header_of_another_provider_is_recognised() {
    assert_found(
        "github",
        &stripe("{}"),
        "the header that stripe signs in is there",
    );
}

#[test]
fn the_header_is_recognised_under_the_name_that_cgi_gives_it() {
    let request = github("{}");
    let value = request["headers"][SIGNATURES[0]].clone();
    let renamed = without_header(request.clone(), SIGNATURES[0]);
    let renamed = with_header(renamed, "HTTP_X_HUB_SIGNATURE_256", value);
    assert_explains(
        "github",
        &request,
        &renamed,
        "right under the name HTTP_X_HUB_SIGNATURE_256",
    );
}

#[test]
fn a_header_in_another_spelling_is_recognised() {
    let github = github("{}");
    let hub = github["headers"][SIGNATURES[0]]
        .as_str()
        .expect("it is signed")
        .to_owned();
    let bare = hub.trim_start_matches("sha256=");
    let base64 = STANDARD.encode(from_hex(Hash::Sha256, bare).expect("hexadecimal"));
    let respelled = [
        (format!(" {hub}\n"), "has white space around it"),
        (format!("\"{hub}\""), "has quotes around it"),
        (format!("X-Hub-Signature-256: {hub}"), "has its own name"),
        (bare.to_owned(), "lacks the prefix sha256="),
        (hub.to_ascii_uppercase(), "is in capitals"),
        (hub.replace('=', "%3d"), "is percent-encoded"),
        (
            format!("sha256={base64}"),
            "is base64 where it should be hexadecimal",
        ),
        (
            base64,
            "is base64 where sha256= and hexadecimal digits should be",
        ),
    ];
    for (value, why) in respelled {
        let changed = with_header(github.clone(), SIGNATURES[0], value);
        assert_explains("github", &github, &changed, why);
    }

    let base64_of = |request: &Value| {
        let value = &request["headers"][SIGNATURES[2]];
        value.as_str().expect("it is signed").to_owned()
    };
    let twilio = (0..)
        .map(|number| twilio(&format!("https://hooks.example.com/sms/{number}")))
        .find(|request| base64_of(request).contains('+') && base64_of(request).contains('/'))
        .expect("some digest has both");
    let base64 = base64_of(&twilio);
    let bytes = from_base64(Hash::Sha1, &base64).expect("base64");
    let respelled = [
        (hex(&bytes), "is hexadecimal where it should be base64"),
        (
            base64.replace('+', " "),
            "has spaces where its base64 has plus signs",
        ),
        (
            base64.trim_end_matches('=').to_owned(),
            "is base64 without its padding",
        ),
        (
            base64.replace('+', "-").replace('/', "_"),
            "is URL-safe base64",
        ),
    ];
    for (value, why) in respelled {
        let changed = with_header(twilio.clone(), SIGNATURES[2], value);
        assert_explains("twilio", &twilio, &changed, why);
    }

    let stripe = stripe("{}");
    let value = stripe["headers"][SIGNATURES[1]]
        .as_str()
        .expect("it is signed");
    let spaced = with_header(stripe.clone(), SIGNATURES[1], value.replace(',', ", "));
    assert_explains(
        "stripe",
        &stripe,
        &spaced,
        "has white space around its elements",
    );
}

#[test]
fn a_header_that_is_cut_off_is_told_from_a_wrong_one() {
    assert_found(
        "github",
        &vector("s-github-016"),
        "is cut off: 62 characters of 64",
    );
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let value = request["headers"][name].as_str().expect("it is signed");
        let cut = with_header(request.clone(), name, &value[..value.len() - 5]);
        assert_explains(provider, &request, &cut, "is cut off");
        let wrong = with(cut, "secrets", json!([OTHER]));
        assert_found(provider, &wrong, "is malformed");
    }
}

#[test]
fn an_empty_header_and_a_test_scheme_are_told() {
    let empty = with_header(github("{}"), SIGNATURES[0], "");
    assert_found("github", &empty, "the header X-Hub-Signature-256 is empty");
    let run = check("stripe", &vector("s-stripe-014"));
    assert!(run.out.contains("v0= is a test scheme"), "{}", run.out);
}

#[test]
fn a_shared_key_without_its_settings_is_recognised() {
    let why = "right as HMAC_SHA256, but the header X-Twilio-Webhooks-Signature-Settings";
    assert_found(
        "twilio",
        &vector("s-twilio-044"),
        &format!("{why} is missing"),
    );
    assert_found(
        "twilio",
        &vector("s-twilio-043"),
        &format!("{why} names another algorithm"),
    );
}
