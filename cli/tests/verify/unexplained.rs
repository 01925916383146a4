//! Where nothing matches.

use serde_json::json;

use crate::body::JSON;
use crate::request::{OTHER, SMS, assert_found, check, github, twilio, with};

#[test]
fn where_nothing_matches_it_says_what_was_tried_and_the_likeliest_cause() {
    let other = with(github(JSON), "secrets", json!([OTHER]));
    assert_found("github", &other, "no secret gives this signature");
    let run = check("github", &other);
    assert!(
        run.out
            .contains("Tried as well, without a match: the secrets trimmed"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("the secret is another endpoint's (each webhook"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("the URL with"), "{}", run.out);
    let other = with(twilio("https://a.example/"), "secrets", json!([OTHER]));
    assert!(
        check("twilio", &other)
            .out
            .contains("and the URL with other schemes")
    );
}

#[test]
fn a_changed_value_is_not_explained_away() {
    let forged = with(github(r#"{"amount":1}"#), "body", r#"{"amount":2}"#);
    assert_found("github", &forged, "no secret gives this signature");
    let forged = with(
        twilio("https://a.example/"),
        "body",
        SMS.replace("hi", "ho"),
    );
    assert_found("twilio", &forged, "no secret gives this signature");
}
