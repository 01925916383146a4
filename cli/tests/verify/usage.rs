//! Calls and files that are not what they should be.

use serde_json::{Value, json};
use webhooks::provider::catalog;
use webhooks::signature::sha256;
use webhooks::timestamp::Timestamp;
use webhooks_cli::verify::check_request;
use webhooks_cli::verify::vectors::check_vectors;

use crate::request::{
    BUILT, NOW, SIGNATURES, assert_found, check, github, hex, stripe, webhooks, with, with_header,
};

/// A field, its value, and what is said about it.
const BAD_FIELDS: &str = r#"
    method | 1 | method is not a string
    url | "/path" | url is not a complete URL
    headers | [] | headers is not an object of strings
    headers | {"X-A": 1} | headers.X-A is not a string
    body | {} | body is not a string
    body_base64 | "e30=" | body is there, and so is body_base64
    secrets | "hush" | secrets is not a list of strings
    secrets | [] | secrets is empty
    secrets | ["hush", 1] | secrets, number 2, is not a string
    secrets | ["hush", " \n"] | secrets, number 2, is blank
    now | "today" | now is not a whole number
    now | 1.5 | now is not a whole number
    config | 1 | config is not an object
    config | {"configured_url": 1} | config.configured_url is not a string
    config | {"configured_url": "x"} | config.configured_url is not a complete URL
"#;

#[test]
fn a_field_that_is_missing_or_bad_is_named_and_exits_2() {
    for field in ["method", "url", "headers", "body", "secrets"] {
        let mut request = github("{}");
        request.as_object_mut().expect("an object").remove(field);
        let run = check("github", &request);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{field}");
        assert!(
            run.err.contains(&format!("the field {field} is missing")),
            "{}",
            run.err
        );
    }
    for row in BAD_FIELDS.trim().lines() {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let [field, value, problem] = columns[..] else {
            panic!("three columns: {row}");
        };
        let value: Value = serde_json::from_str(value).expect("JSON");
        let run = check("github", &with(github("{}"), field, value));
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{row}");
        assert!(
            run.err.contains(&format!("the field {problem}")),
            "{row}: {}",
            run.err
        );
    }
    let mut encoded = with(github("{}"), "body_base64", "?");
    encoded["body"] = Value::Null;
    assert!(
        check("github", &encoded)
            .err
            .contains("the field body_base64 is not padded")
    );
}

#[test]
fn a_file_that_is_not_what_it_should_be_exits_2() {
    let inputs = [
        "",
        "{",
        "null",
        "7",
        "\"x\"",
        "[]",
        "\u{feff}",
        "{\"secrets\": hush}",
    ];
    for input in inputs {
        let run = webhooks(&["verify", "github", "--request", "-"], input);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{input}");
        assert!(
            run.err.contains("standard input: ") && !run.err.contains("hush"),
            "{}",
            run.err
        );
    }
    for input in ["", "{}", "7", "[", "\"x\""] {
        let run = webhooks(&["verify", "--vectors", "-"], input);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{input}");
    }
    let run = webhooks(&["verify", "github", "--request", "/no/such/file"], "");
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("/no/such/file"), "{}", run.err);
}

#[test]
fn a_call_that_is_not_complete_exits_2() {
    let calls: [&[&str]; 6] = [
        &["verify"],
        &["verify", "github"],
        &["verify", "--request", "-"],
        &["verify", "nobody", "--request", "-"],
        &["verify", "github", "--vectors", "-"],
        &["verify", "github", "--request", "-", "--vectors", "-"],
    ];
    for call in calls {
        let run = webhooks(call, "[]");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{call:?}");
    }
}

#[test]
fn odd_requests_are_answered_and_not_panicked_at() {
    let values = [
        "",
        "=",
        ",",
        "sha256=",
        "t=",
        "t=-1,v1=",
        "é=é",
        "t=9999999999999999999,v1=0",
    ];
    let urls = [
        "http://é",
        "https:///",
        "https://a?",
        "https://a//%é?%é&%",
        "http://[::1]:x/?#",
    ];
    let bodies = [
        "",
        "\\u12é",
        "\"\\ud800\"",
        "{\"a\":\"\\ud800\\u0041\"}",
        "payload",
        "%",
        "\u{feff}",
    ];
    let clock = Timestamp::from_seconds(NOW);
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let provider = catalog::by_name(provider).expect("a provider");
        for (url, body) in urls.iter().flat_map(|url| bodies.map(|body| (url, body))) {
            for value in values
                .map(str::to_owned)
                .into_iter()
                .chain([hex(&sha256(b""))])
            {
                let request = json!({
                    "method": "POST", "url": url, "headers": {name: value, "Host": "é"},
                    "body": body, "secrets": ["=", "whsec_", "\u{0}"], "now": i64::MIN,
                });
                let answer = check_request(provider, request.to_string().as_bytes(), clock);
                assert!(!answer.expect("it is in order").good);
            }
        }
    }
    assert!(check_vectors(b"[[[[", clock).is_err());
}

#[test]
fn times_at_the_ends_of_the_range_are_answered() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        assert_found("stripe", &with(stripe("{}"), "now", now), "off by ");
        let header = format!("t={},v1={}", i64::MAX, "0".repeat(64));
        let far = with_header(with(stripe("{}"), "now", now), SIGNATURES[1], header);
        assert_eq!(check("stripe", &far).code, Some(1));
    }
}

#[test]
fn an_event_of_another_gateway_is_named() {
    let rest = json!({"httpMethod": "POST", "path": "/sms", "requestContext": {"stage": "prod"}});
    let balancer = json!({"httpMethod": "POST", "path": "/sms", "requestContext": {"elb": {}}});
    for event in [rest, balancer] {
        let run = webhooks(&["verify", "twilio", "--request", "-"], &event.to_string());
        assert_eq!(run.code, Some(2), "{}", run.out);
        assert!(run.err.contains("payload format 1.0"), "{}", run.err);
    }
}

/// The request in the docs is whole: a person copies it and changes what is his.
#[test]
fn the_request_in_the_docs_is_valid() {
    let docs = include_str!("../../../docs/providers.md");
    let request = docs.split("This is a whole one, and it is valid:").nth(1);
    let lines = request.expect("an example").lines();
    let request: String = lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| line.starts_with("    "))
        .collect();
    let request: serde_json::Value = serde_json::from_str(&request).expect("JSON");
    let run = check("github", &request);
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), "valid\n"),
        "{}",
        run.err
    );
}
