//! The gateway's event becomes a delivery with exact bytes, and an answer becomes its response.

mod deliveries;

use deliveries::{delivery, event, request};
use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext,
};
use lambda_http::http::Method as HttpMethod;
use serde_json::{Value, json};
use webhooks::answer::Answer;
use webhooks::delivery::Method;
use webhooks::gateway::{NotBase64, Origin, Request, response};
use webhooks::provider::catalog;
use webhooks::provider::table::GITHUB;
use webhooks::provider::twilio::TWILIO;

fn source(path: &str) -> Option<String> {
    let request = request(&json!({"rawPath": path}));
    request.source("github").map(str::to_owned)
}

#[test]
fn gives_the_same_bytes_from_text_and_from_base64() {
    let text = delivery(&json!({"body": "a=1&b=\u{e9}"}));
    let base64 = delivery(&json!({"body": "YT0xJmI9w6k=", "isBase64Encoded": true}));
    assert_eq!(text.body, "a=1&b=\u{e9}".as_bytes());
    assert_eq!(text.body, base64.body);
}

#[test]
fn keeps_bytes_that_are_not_utf_8() {
    let delivery = delivery(&json!({"body": "/wD+", "isBase64Encoded": true}));
    assert_eq!(delivery.body, [0xff, 0x00, 0xfe]);
}

#[test]
fn refuses_a_body_that_is_not_the_base64_it_claims_to_be() {
    for body in ["%", "YQ", "YQ=", " YQ==", "YQ==\n"] {
        let request = request(&json!({"body": body, "isBase64Encoded": true}));
        assert_eq!(
            request.delivery(Origin::Domain).err(),
            Some(NotBase64),
            "{body:?}"
        );
    }
}

#[test]
fn finds_headers_in_any_case() {
    let delivery = delivery(&json!({"headers": {"X-GitHub-EVENT": "push"}}));
    for name in ["x-github-event", "X-GITHUB-EVENT"] {
        assert_eq!(delivery.headers.get(name), Some("push"));
    }
    assert_eq!(delivery.headers.get("x-github"), None);
}

#[test]
fn knows_the_methods_of_deliveries() {
    for (name, method) in [
        ("POST", Method::Post),
        ("GET", Method::Get),
        ("get", Method::Other),
        ("PUT", Method::Other),
    ] {
        let delivery = delivery(&json!({"requestContext": {"http": {"method": name}}}));
        assert_eq!(delivery.method, method, "{name}");
    }
}

#[test]
fn takes_missing_and_null_fields_for_empty() {
    for event in [
        json!({}),
        json!({"requestContext": {}}),
        json!({
            "rawPath": null, "rawQueryString": null, "headers": null, "body": null,
            "isBase64Encoded": null, "requestContext": null,
        }),
        json!({"requestContext": {"domainName": null, "requestId": null, "http": null}}),
        json!({"requestContext": {"http": {"method": null}}}),
    ] {
        let request = request(&event);
        assert_eq!(request.id(), None, "{event}");
        assert_eq!(request.source("github"), None, "{event}");
        let delivery = request
            .delivery(Origin::Domain)
            .expect("no body is no problem");
        assert_eq!(delivery.method, Method::Other, "{event}");
        assert_eq!(delivery.urls, [""; 0], "{event}");
        assert!(delivery.body.is_empty(), "{event}");
    }
}

/// `cargo lambda watch` sends the framework's own type, serialised.
#[test]
fn takes_what_cargo_lambda_watch_sends() {
    let mut sent = ApiGatewayV2httpRequest::default();
    sent.raw_path = Some("/webhooks/github".to_owned());
    sent.body = Some("{}".to_owned());
    sent.request_context = ApiGatewayV2httpRequestContext::default();
    sent.request_context.domain_name = Some("localhost".to_owned());
    sent.request_context.http.method = HttpMethod::POST;
    let event = serde_json::to_value(&sent).expect("the event serialises");
    assert_eq!(event["rawQueryString"], Value::Null);
    assert_eq!(request(&event).source("github"), Some("default"));
    let delivery = delivery(&event);
    assert_eq!(delivery.method, Method::Post);
    assert_eq!(delivery.urls[0], "https://localhost/webhooks/github");
    assert_eq!(delivery.body, b"{}");
}

#[test]
fn malformed_events_do_not_panic() {
    let strange = [
        json!(null),
        json!(1),
        json!(-1.5),
        json!(true),
        json!("a"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"": []}),
    ];
    let shipped = event("github-push.json");
    let fields = shipped.as_object().expect("events are objects").keys();
    for field in fields {
        for value in &strange {
            let mut event = shipped.clone();
            event[field] = value.clone();
            let Ok(request) = serde_json::from_value::<Request>(event) else {
                continue;
            };
            let _ = (request.id(), request.source("github"));
            let _ = request.delivery(Origin::Domain);
        }
    }
    for value in &strange {
        let delivery = delivery(&json!({"headers": {"a": value, "b": "c"}}));
        assert_eq!(delivery.headers.get("a"), value.as_str());
        assert_eq!(delivery.headers.get("b"), Some("c"));
    }
}

#[test]
fn reads_the_source_from_the_path() {
    let longest = format!("/webhooks/github/{}", "a".repeat(64));
    for (path, expected) in [
        ("/webhooks/github", "default"),
        ("/webhooks/github/live", "live"),
        ("/webhooks/github/a-b_c.9", "a-b_c.9"),
        ("/webhooks/github/webhooks", "webhooks"),
        ("/prod/webhooks/github", "default"),
        ("/prod/webhooks/github/live", "live"),
        ("/a/base/webhooks/github/live", "live"),
        ("/webhooks/webhooks/github/live", "live"),
        (&longest, &"a".repeat(64)),
    ] {
        assert_eq!(source(path).as_deref(), Some(expected), "{path}");
    }
}

#[test]
fn finds_no_source_in_other_paths() {
    let too_long = format!("/webhooks/github/{}", "a".repeat(65));
    for path in [
        "",
        "/",
        "/webhooks",
        "/webhooks/",
        "webhooks/github",
        "/github",
        "/webhooks/stripe",
        "/webhooks/github2",
        "/webhooks/GitHub",
        "/webhooks//github",
        "/webhooks/github/",
        "/webhooks/github/a/b",
        "/webhooks/github/a/",
        "/webhooks/github/.",
        "/webhooks/github/..",
        "/webhooks/github/../stripe",
        "/webhooks/github/a b",
        "/webhooks/github/a%2Fb",
        "/webhooks/github/\u{e9}",
        "/webhooks/github/a:b",
        // The gateway decodes a path, and what it decodes may look like another route.
        "/webhooks/github/a?b=1/webhooks/github",
        "/webhooks/github/a=1/webhooks/github",
        "/webhooks/github/a/webhooks/github/b",
        "/webhooks/github/webhooks/github",
        &too_long,
    ] {
        assert_eq!(source(path), None, "{path}");
    }
}

/// What a provider takes for "no", for "later" and for an answer is its own.
#[test]
fn a_provider_hears_its_own_words() {
    let hears = |name, answer: &Answer, kind| {
        let profile = catalog::by_name(name).expect("it is built").profile();
        let response = response(answer, profile, kind);
        let body = response.body.as_deref().unwrap_or_default();
        let body = String::from_utf8_lossy(body).into_owned();
        let later = response.headers.contains_key("retry-after");
        (response.status_code, body, later)
    };
    let accepted = Answer::Accepted { id: "1".to_owned() };
    let nothing = String::new;
    for (name, answer, kind, status, body, later) in [
        ("brevo", Answer::Unavailable, None, 429, nothing(), true),
        ("brevo", Answer::Throttled, None, 429, nothing(), true),
        ("github", Answer::Throttled, None, 503, nothing(), true),
        (
            "gocardless",
            Answer::Unauthenticated,
            None,
            498,
            nothing(),
            false,
        ),
        (
            "twitch",
            Answer::Unauthenticated,
            None,
            403,
            nothing(),
            false,
        ),
        ("linear", accepted.clone(), None, 200, nothing(), false),
        (
            "discord",
            accepted.clone(),
            Some("ENTITLEMENT_CREATE"),
            204,
            nothing(),
            false,
        ),
        (
            "discord",
            accepted.clone(),
            Some("interaction.2"),
            200,
            r#"{"type":5}"#.to_owned(),
            false,
        ),
        (
            "discord",
            accepted.clone(),
            Some("interaction.3"),
            200,
            r#"{"type":6}"#.to_owned(),
            false,
        ),
        ("adyen", accepted, None, 200, "[accepted]".to_owned(), false),
    ] {
        assert_eq!(
            hears(name, &answer, kind),
            (status, body, later),
            "{name} {kind:?}"
        );
    }
}

#[test]
fn answers_as_the_table_says() {
    let id = || "evt_1".to_owned();
    for (answer, status, outcome) in [
        (Answer::Accepted { id: id() }, 202, "accepted"),
        (Answer::Duplicate { id: id() }, 200, "duplicate"),
        (Answer::Ignored { id: id() }, 200, "ignored"),
        (Answer::Malformed, 400, "malformed"),
        (Answer::Unauthenticated, 401, "unauthenticated"),
        (Answer::MethodNotAllowed, 405, "method_not_allowed"),
        (Answer::TooLarge, 413, "too_large"),
        (Answer::Throttled, 503, "throttled"),
        (Answer::Unavailable, 503, "unavailable"),
    ] {
        let json = format!(r#"{{"id":"evt_1","outcome":"{outcome}"}}"#);
        let twiml = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
        for (provider, positive_status, media_type, body) in [
            (GITHUB, status, "application/json", json.as_str()),
            (TWILIO, 200, "text/xml", twiml),
        ] {
            let positive = status < 300;
            let response = response(&answer, provider.profile(), None);
            let header = |name| {
                response
                    .headers
                    .get(name)
                    .and_then(|value| value.to_str().ok())
            };
            let expected = if positive { positive_status } else { status };
            assert_eq!(response.status_code, expected, "{outcome}");
            assert_eq!(header("webhook-outcome"), Some(outcome));
            let retry_after = matches!(status, 429 | 503).then_some("30");
            assert_eq!(header("retry-after"), retry_after, "{outcome}");
            let media_type = positive.then_some(media_type);
            assert_eq!(header("content-type"), media_type, "{outcome}");
            let sent = response.body.as_deref().map(<[u8]>::to_vec);
            let body = positive.then(|| body.as_bytes().to_vec());
            assert_eq!(sent, body, "{outcome}");
            assert!(!response.is_base64_encoded);
        }
    }
}
