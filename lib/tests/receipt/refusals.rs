//! What is refused, and that it costs nothing before the signature holds.

use serde_json::{Value, json};
use webhooks::limits;
use webhooks::provider::Explained;
use webhooks::provider::table::GITHUB;
use webhooks::provider::table::STRIPE;
use webhooks::provider::twilio::TWILIO;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{
    Endpoint, SECRET, answer, deliver, delivery, http, line, receiver_alone, sign,
};
use crate::support::broken::Untouched;
use crate::support::sample::{START, at};

/// What becomes of a gateway event that is refused without a call.
async fn refused(provider: &'static dyn Explained, gateway_event: Value) -> (u16, Value) {
    let nothing = Untouched::new();
    let receiver = receiver_alone(provider, &nothing);
    let receipt = deliver(&receiver, gateway_event, START).await;
    nothing.assert_untouched();
    let response = http(provider, &receipt);
    assert_eq!(response["body"], Value::Null);
    assert_eq!(
        response["headers"]["webhook-outcome"],
        receipt.answer.outcome()
    );
    (receipt.answer.status(), line(&receipt)["reason"].clone())
}

/// Why the log says a delivery with another signature header, or none, is refused.
async fn reason(
    provider: &'static dyn Explained,
    event: &str,
    header: &str,
    value: Option<&str>,
) -> Value {
    let mut event = delivery(provider, event).gateway_event();
    let headers = event["headers"].as_object_mut().expect("headers");
    match value {
        Some(value) => headers.insert(header.to_owned(), json!(value)),
        None => headers.remove(header),
    };
    let (status, reason) = refused(provider, event).await;
    assert_eq!(status, 401);
    reason
}

fn too_large() -> Value {
    json!("x".repeat(limits::BODY + 1))
}

#[tokio::test]
async fn refuses_other_methods_before_it_looks_at_the_size() {
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["body"] = too_large();
    for method in ["GET", "PUT", "HEAD", "post", ""] {
        event["requestContext"]["http"]["method"] = json!(method);
        assert_eq!(refused(GITHUB, event.clone()).await, (405, json!("method")));
    }
    let mut event = delivery(TWILIO, "message").gateway_event();
    event["requestContext"]["http"]["method"] = json!("DELETE");
    assert_eq!(refused(TWILIO, event).await, (405, json!("method")));
}

#[tokio::test]
async fn refuses_a_large_body_before_it_looks_at_the_signature() {
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["headers"] = json!({});
    event["body"] = too_large();
    assert_eq!(refused(GITHUB, event).await, (413, json!("body_too_large")));
}

#[tokio::test]
async fn refuses_a_body_that_is_not_the_base64_that_the_gateway_says() {
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["isBase64Encoded"] = json!(true);
    assert_eq!(
        refused(GITHUB, event).await,
        (400, json!("body_not_base64"))
    );
}

#[tokio::test]
async fn refuses_what_is_no_signature_of_github_without_a_call() {
    let reason =
        async |value: Option<&str>| reason(GITHUB, "push", "x-hub-signature-256", value).await;
    assert_eq!(reason(None).await, "missing_header");
    let digest = "0".repeat(64);
    for value in [
        "",
        &digest,
        &format!("sha1={}", "0".repeat(40)),
        &format!("sha256={}", &digest[1..]),
        &format!("sha256={}g", &digest[1..]),
        &format!("sha256={digest}00"),
        &format!(" sha256={digest}"),
    ] {
        assert_eq!(reason(Some(value)).await, "malformed_header", "{value}");
    }
}

#[tokio::test]
async fn refuses_what_is_no_signature_of_stripe_without_a_call() {
    let reason = async |value: Option<&str>| {
        reason(STRIPE, "charge.succeeded", "stripe-signature", value).await
    };
    assert_eq!(reason(None).await, "missing_header");
    let (t, digest) = (format!("t={}", START.seconds()), "0".repeat(64));
    for value in [
        "",
        &t,
        &format!("v1={digest}"),
        &format!("{t},{t},v1={digest}"),
        &format!("t=soon,v1={digest}"),
        &format!("t=99999999999999999999,v1={digest}"),
        &format!("{t},v1=00"),
        &format!("{t},v0={digest}"),
    ] {
        assert_eq!(reason(Some(value)).await, "malformed_header", "{value}");
    }
    for seconds in [-301, 301] {
        let value = format!("t={},v1={digest}", at(seconds).seconds());
        assert_eq!(reason(Some(&value)).await, "timestamp_out_of_tolerance");
    }
}

#[tokio::test]
async fn refuses_what_is_no_signature_of_twilio_without_a_call() {
    let reason =
        async |value: Option<&str>| reason(TWILIO, "message", "x-twilio-signature", value).await;
    assert_eq!(reason(None).await, "missing_header");
    for value in ["", "AAAA", "not base64", &"A".repeat(27)] {
        assert_eq!(reason(Some(value)).await, "malformed_header", "{value}");
    }
    let mut event = delivery(TWILIO, "json").gateway_event();
    event["rawQueryString"] = json!("");
    assert_eq!(
        refused(TWILIO, event).await,
        (401, json!("body_not_covered"))
    );
}

#[tokio::test]
async fn knows_no_other_path_and_makes_no_call_for_one() {
    let paths = [
        "/",
        "/webhooks/stripe",
        "/webhooks/github/a/b",
        "/webhooks/github/",
        "/webhooks/github/..",
    ];
    for path in paths {
        let mut event = delivery(GITHUB, "push").gateway_event();
        event["rawPath"] = json!(path);
        assert_eq!(refused(GITHUB, event).await, (401, json!("no_such_path")));
    }
}

#[tokio::test]
async fn a_source_that_is_not_registered_answers_like_a_wrong_signature() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    let receiver = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
    let mut forgery = delivery(GITHUB, "push");
    forgery.delivery.body[10] ^= 1;
    let forgery = deliver(&receiver, forgery.gateway_event(), START).await;
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["rawPath"] = json!("/webhooks/github/nobody");
    let receipt = deliver(&receiver, event, START).await;
    nothing.assert_untouched();
    assert_eq!(receipt.answer.status(), 401);
    assert_eq!(http(GITHUB, &receipt), http(GITHUB, &forgery));
    assert_eq!(line(&receipt)["reason"], "no_such_source");
}

#[tokio::test]
async fn a_forgery_reaches_neither_the_ledger_nor_the_queue() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    let receiver = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
    let mut flipped = delivery(GITHUB, "push");
    flipped.delivery.body[10] ^= 1;
    let mut other_secret = delivery(GITHUB, "push");
    sign(&mut other_secret, GITHUB, "another secret", START);
    for forgery in [flipped, other_secret] {
        let receipt = deliver(&receiver, forgery.gateway_event(), START).await;
        assert_eq!(receipt.answer.status(), 401);
        assert_eq!(line(&receipt)["reason"], "signature_mismatch");
    }
    nothing.assert_untouched();
}

#[tokio::test]
async fn a_signature_of_one_source_does_not_hold_at_another() {
    let endpoint = Endpoint::open().await;
    endpoint
        .put_secret("github", "other", "the secret of the other")
        .await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    let mut event = fixture.gateway_event();
    event["rawPath"] = json!("/webhooks/github/other");
    let receipt = deliver(&receiver, event, START).await;
    assert_eq!(receipt.answer.status(), 401);
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
}

#[tokio::test]
async fn what_is_signed_and_no_event_is_malformed_and_goes_nowhere() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    let github = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
    let malformed = |change: fn(&mut Fixture)| {
        let mut fixture = delivery(GITHUB, "push");
        change(&mut fixture);
        sign(&mut fixture, GITHUB, SECRET, START);
        fixture.gateway_event()
    };
    for event in [
        malformed(|fixture| fixture.delivery.body = b"{".to_vec()),
        malformed(|fixture| fixture.delivery.body = Vec::new()),
        malformed(|fixture| fixture.delivery.body = b"[]".to_vec()),
        malformed(|fixture| fixture.delivery.body = vec![0xff, 0xfe]),
        malformed(|fixture| fixture.delivery.headers.set("x-github-delivery", "a b")),
        malformed(|fixture| fixture.delivery.headers.set("x-github-delivery", "")),
        malformed(|fixture| fixture.delivery.headers.set("x-github-event", "")),
    ] {
        let receipt = deliver(&github, event, at(1)).await;
        let reason = &line(&receipt)["reason"];
        assert_eq!(
            (receipt.answer.status(), reason),
            (400, &json!("not_an_event"))
        );
        assert_eq!(http(GITHUB, &receipt)["body"], Value::Null);
    }
    nothing.assert_untouched();
}

/// A gateway in front that speaks another format is a mistake in the deployment, and not the sender's.
#[tokio::test]
async fn an_event_of_another_format_is_named_and_is_sent_again() {
    for context in [
        json!({"stage": "prod", "resourceId": "1"}),
        json!({"elb": {}}),
    ] {
        let event = json!({
            "httpMethod": "POST", "path": "/webhooks/github", "headers": {}, "body": "{}",
            "requestContext": context,
        });
        let expected = (503, json!("payload_format"));
        assert_eq!(refused(GITHUB, event).await, expected);
    }
}
