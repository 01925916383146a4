//! The body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::request::{
    FORM, SMS, assert_explains, assert_found, check, github, signed, stripe, twilio, vector, with,
    with_header, without_header,
};

/// As a serialiser writes it without options, and with every kind of thing that they differ in.
pub(crate) const JSON: &str =
    r#"{"z":1.0,"a":[{"é":"1/2"},[]],"n":12345678901234567890,"t":"a, b: <🚀>"}"#;

#[test]
fn json_that_was_written_again_is_recognised() {
    let indented = "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\"\n}";
    let escaped = r#"{"z":1.0,"a":[{"\u00e9":"1\/2"},[]],"n":12345678901234567890,"t":"a, b: <\ud83d\ude80>"}"#;
    let html = JSON.replace('<', "\\u003c").replace('>', "\\u003e");
    let sent_and_captured = [
        (
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            indented.to_owned(),
            "JSON without white space",
        ),
        (
            indented.to_owned(),
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            "indented by 2 spaces",
        ),
        (
            indented.replace("  ", "    "),
            indented.to_owned(),
            "indented by 4 spaces",
        ),
        (
            indented.replace("  ", "\t"),
            indented.to_owned(),
            "indented by tabs",
        ),
        (
            r#"{"b": [1, {}]}"#.to_owned(),
            r#"{"b":[1,{}]}"#.to_owned(),
            "with a blank after each",
        ),
        (
            escaped.to_owned(),
            JSON.to_owned(),
            "with \\/ for each slash and \\uXXXX",
        ),
        (
            JSON.to_owned(),
            escaped.to_owned(),
            "with its escapes as plain characters",
        ),
        (
            JSON.replace('é', "\\u00e9").replace('🚀', "\\ud83d\\ude80"),
            JSON.to_owned(),
            "with \\uXXXX for",
        ),
        (
            JSON.replace('é', "\\u00E9").replace('🚀', "\\uD83D\\uDE80"),
            JSON.to_owned(),
            "in capitals",
        ),
        (
            JSON.replace('/', "\\/"),
            JSON.to_owned(),
            "with \\/ for each slash",
        ),
        (html, JSON.to_owned(), "with \\u003c and the like"),
        (
            format!("{indented}\n"),
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            "indented by 2 spaces and with a newline at its end",
        ),
    ];
    for (sent, captured, why) in sent_and_captured {
        for (provider, request) in [("github", github(&sent)), ("stripe", stripe(&sent))] {
            let changed = with(request.clone(), "body", captured.clone());
            assert_explains(provider, &request, &changed, why);
            let run = check(provider, &changed);
            assert!(run.out.contains("re-serialised"), "{}", run.out);
            assert!(run.out.contains("Take the raw bytes: "), "{}", run.out);
        }
    }
}

#[test]
fn a_body_with_other_line_ends_is_recognised() {
    let sent_and_captured = [
        ("{}", "{}\n", "without the newline at its end"),
        ("{}\n", "{}", "with a newline at its end"),
        ("{}\r\n", "{}", "with a CRLF at its end"),
        ("{}", "  {}", "without white space around it"),
        ("{\n}\n", "{\r\n}\r\n", "with LF for each CRLF"),
        ("{\r\n}\r\n", "{\n}\n", "with CRLF for each LF"),
        ("{}", "\u{feff}{}", "without its byte order mark"),
        ("\u{feff}{}", "{}", "with a byte order mark"),
        ("", "{}", "when it is empty"),
    ];
    for (sent, captured, why) in sent_and_captured {
        let request = github(sent);
        assert_explains(
            "github",
            &request,
            &with(request.clone(), "body", captured),
            why,
        );
    }
}

#[test]
fn a_body_that_was_encoded_or_decoded_once_too_often_is_recognised() {
    let json = r#"{"é":1}"#;
    let base64 = STANDARD.encode(json);
    let event = json!({"version": "2.0", "body": base64, "isBase64Encoded": true}).to_string();
    let plain_event = json!({"version": "2.0", "body": json}).to_string();
    let quoted = Value::from(json).to_string();
    let latin1 = "{\"Ã©\":1}";
    let sent_and_captured = [
        (json, base64.as_str(), "when it is base64-decoded"),
        (base64.as_str(), json, "when it is base64-encoded"),
        (
            json,
            quoted.as_str(),
            "without the quotes and escapes of a JSON string",
        ),
        (
            json,
            event.as_str(),
            "when it is taken out of the gateway's event",
        ),
        (
            json,
            plain_event.as_str(),
            "when it is taken out of the gateway's event",
        ),
        (json, latin1, "when its UTF-8 was not taken for Latin-1"),
    ];
    for (sent, captured, why) in sent_and_captured {
        let request = github(sent);
        assert_explains(
            "github",
            &request,
            &with(request.clone(), "body", captured),
            why,
        );
    }
}

#[test]
fn a_form_that_was_encoded_anew_is_recognised() {
    let url = "https://hooks.example.com/github";
    let sent = "payload=%7b%22a%22%3a%22x%20y%22%7d";
    let request = signed("github", FORM, url, sent);
    let again = with(request.clone(), "body", "payload=%7B%22a%22%3A%22x+y%22%7D");
    assert_explains("github", &request, &again, "percent-encoded in another way");
    let unwrapped = with(request.clone(), "body", r#"{"a":"x y"}"#);
    assert_explains(
        "github",
        &request,
        &unwrapped,
        "inside the form field payload",
    );
    let twice = with(request.clone(), "body", sent.replace('%', "%25"));
    assert_explains("github", &request, &twice, "it was percent-encoded twice");

    let sms = twilio("https://hooks.example.com/sms");
    let decoded = with(
        sms.clone(),
        "body",
        SMS.replace("%2B", "+").replace("hi+", "hi%20"),
    );
    assert_explains("twilio", &sms, &decoded, "with %2B for each +");
    let object = json!({"Body": "hi there", "From": "+15005550006", "MessageSid": "SM1"});
    let parsed = with(sms.clone(), "body", object.to_string());
    let parsed = with_header(parsed, "Content-Type", "application/json");
    assert_explains("twilio", &sms, &parsed, "the body was parsed into JSON");

    // A parser's null for an empty field, and a field that is JSON in an order of its own.
    let form = "Digits=&Payload=%7B%22z%22%3A1%2C%22a%22%3A%5Btrue%5D%7D&From=%2B15005550006";
    let request = signed("twilio", FORM, "https://hooks.example.com/sms", form);
    for body in [
        r#"{"Digits": null, "Payload": {"z":1,"a":[true]}, "From": "+15005550006"}"#,
        r#"{"From": "+15005550006", "Digits": "", "Payload": {"z": 1, "a": [true]}}"#,
    ] {
        let parsed = with(request.clone(), "body", body);
        let parsed = with_header(parsed, "Content-Type", "application/json");
        assert_explains("twilio", &request, &parsed, "the body was parsed into JSON");
    }
    let untyped = without_header(sms.clone(), "Content-Type");
    assert_explains("twilio", &sms, &untyped, "once the header Content-Type is");
}

#[test]
fn a_signature_over_the_decoded_payload_is_recognised() {
    assert_found(
        "github",
        &vector("s-github-007"),
        "made over the decoded field payload",
    );
}

#[test]
fn a_body_that_is_not_the_signed_one_is_told() {
    assert_found(
        "twilio",
        &vector("s-twilio-028"),
        "the body is not the one whose hash is in it",
    );
    assert_found(
        "twilio",
        &vector("s-twilio-030"),
        "nothing that is signed covers the body",
    );
    assert_found(
        "stripe",
        &vector("s-stripe-010"),
        "the body looks re-serialised",
    );
    let lossy = with(github(r#"{"a":"é"}"#), "body", "{\"a\":\"\u{fffd}\"}");
    let run = check("github", &lossy);
    assert!(run.out.contains("bytes that were lost"), "{}", run.out);
    let cut = with_header(github(r#"{"a":"é"}"#), "Content-Length", "10");
    let run = check("github", &with(cut, "body", "{\"a\":"));
    assert!(
        run.out
            .contains("Content-Length says 10 bytes, and the body has 5."),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("The body is not whole JSON."),
        "{}",
        run.out
    );
}

#[test]
fn a_json_body_of_twilio_that_was_written_again_is_recognised() {
    let url = "https://hooks.example.com/events?a=1";
    let request = signed("twilio", "application/json", url, r#"[{"id":"EZ1"}]"#);
    let changed = with(request.clone(), "body", "[ {\"id\": \"EZ1\"} ]");
    assert_explains("twilio", &request, &changed, "JSON without white space");
    let lost = with(request.clone(), "url", url);
    assert_explains("twilio", &request, &lost, "with bodySHA256 in its query");
}
