//! Providers that their sources describe.

use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::provider::Signer;
use webhooks::provider::custom::{CUSTOM, described};
use webhooks::receive::Receiver;
use webhooks::timestamp::Timestamp;

use crate::endpoint::{Endpoint, SECRET, deliver, http, line, request, secret};
use crate::support::sample::{START, at};
use crate::support::unique;

fn acme() -> Value {
    json!({"scheme": {
        "signature": {"header": "X-Acme-Signature", "prefix": "v1="},
        "signed": "{time}.{body}",
        "time": {"header": "X-Acme-Time", "tolerance": 60},
        "id": "{field:id}",
        "type": "{field:kind}",
        "challenge": {"method": "GET", "query": "challenge"},
    }})
}

/// The function, with sources `acme` and whatever has these settings beside it.
async fn function(settings: &[(&str, Value)]) -> (Endpoint, Receiver) {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("custom", "acme", SECRET).await;
    endpoint
        .put_settings("custom", "acme", &acme().to_string())
        .await;
    for (source, settings) in settings {
        endpoint.put_secret("custom", source, SECRET).await;
        let text = settings.to_string();
        endpoint.put_settings("custom", source, &text).await;
    }
    let receiver = endpoint.receiver(CUSTOM);
    (endpoint, receiver)
}

fn event(source: &str, method: &str, query: &str, headers: &Value, body: &str) -> Value {
    request(&format!("custom/{source}"), method, query, headers, body)
}

/// A delivery of a source with those settings, signed as they say.
fn signed(source: &str, settings: &Value, body: &str, now: Timestamp) -> Value {
    let row = described(&settings["scheme"]).expect("a description").0;
    let mut delivery = Delivery {
        method: Method::Post,
        urls: vec![format!("https://abc.example.com/webhooks/custom/{source}")],
        query: String::new(),
        headers: Headers::default(),
        body: body.as_bytes().to_vec(),
    };
    row.sign(&mut delivery, &secret(SECRET), now)
        .expect("it signs");
    let headers = delivery.headers.iter();
    let headers: Value = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    event(source, "POST", "", &headers, body)
}

fn body() -> String {
    json!({"id": unique("id"), "kind": "order.paid", "note": "café"}).to_string()
}

async fn answer(receiver: &Receiver, event: Value, now: Timestamp) -> (u16, Value) {
    let receipt = deliver(receiver, event, now).await;
    (receipt.answer.status(), line(&receipt)["reason"].clone())
}

#[tokio::test]
async fn a_source_is_held_against_its_own_description() {
    let token = json!({"scheme": {
        "signature": {"header": "X-Token"}, "algorithm": "token", "id": "{field:id}",
        "body_is_not_signed": "whoever-sees-one-delivery-can-forge-others",
    }});
    let (_endpoint, receiver) = function(&[("token", token.clone())]).await;
    let (text, other) = (body(), body());
    let receipt = deliver(&receiver, signed("acme", &acme(), &text, START), START).await;
    assert_eq!(receipt.answer.status(), 202);
    assert!(receipt.kind().is_some_and(|kind| kind == "order.paid"));
    let again = answer(&receiver, signed("acme", &acme(), &text, START), START).await;
    assert_eq!(again, (200, Value::Null));
    let token_event = signed("token", &token, &other, START);
    assert_eq!(
        answer(&receiver, token_event, START).await,
        (202, Value::Null)
    );
    // Neither takes what is signed as the other's is.
    for (source, settings) in [("token", acme()), ("acme", token)] {
        let event = signed(source, &settings, &body(), START);
        assert_eq!(
            answer(&receiver, event, START).await,
            (401, json!("missing_header"))
        );
    }
    let mut forged = signed("acme", &acme(), &text, START);
    forged["body"] = json!(other);
    assert_eq!(
        answer(&receiver, forged, START).await,
        (401, json!("signature_mismatch"))
    );
    let old = signed("acme", &acme(), &body(), START);
    let late = answer(&receiver, old, at(61)).await;
    assert_eq!(late, (401, json!("timestamp_out_of_tolerance")));
}

#[tokio::test]
async fn a_source_whose_description_is_missing_or_broken_is_closed() {
    let broken = json!({"scheme": {"signature": {"header": "X"}, "algorithm": "md5"}});
    let mut get = acme();
    get["methods"] = json!(["POST", "GET"]);
    let (endpoint, receiver) = function(&[("broken", broken), ("get", get)]).await;
    endpoint.put_secret("custom", "bare", SECRET).await;
    for source in ["broken", "bare", "get"] {
        let event = signed(source, &acme(), &body(), START);
        let closed = answer(&receiver, event, START).await;
        assert_eq!(closed, (503, json!("invalid_settings")), "{source}");
        let challenge = event_of_challenge(source);
        let closed = answer(&receiver, challenge, START).await;
        assert_eq!(closed.0, 503, "{source}");
    }
    let unknown = signed("nobody", &acme(), &body(), START);
    assert_eq!(
        answer(&receiver, unknown, START).await,
        (401, json!("no_such_source"))
    );
    // Mended, it opens without a deploy.
    endpoint
        .put_settings("custom", "bare", &acme().to_string())
        .await;
    let event = signed("bare", &acme(), &body(), at(600));
    assert_eq!(answer(&receiver, event, at(600)).await, (202, Value::Null));
}

fn event_of_challenge(source: &str) -> Value {
    event(source, "GET", "challenge=a%20word", &json!({}), "")
}

#[tokio::test]
async fn a_challenge_is_answered_as_its_source_describes() {
    let acknowledged = json!({"scheme": {
        "signature": {"header": "X-Signature"},
        "challenge": {"method": "POST", "field": "challenge", "when": {"field": "type", "is": "verify"}, "answer": "json"},
    }});
    let looked = json!({"scheme": {
        "signature": {"header": "X-Signature"}, "challenge": {"method": "HEAD"},
    }});
    let others = [("verify", acknowledged.clone()), ("look", looked)];
    let (_endpoint, receiver) = function(&others).await;
    let receipt = deliver(&receiver, event_of_challenge("acme"), START).await;
    let response = http(CUSTOM, &receipt);
    assert_eq!(
        (&response["statusCode"], &response["body"]),
        (&json!(200), &json!("a word"))
    );
    let text = r#"{"type":"verify","challenge":"c1"}"#;
    let receipt = deliver(
        &receiver,
        signed("verify", &acknowledged, text, START),
        START,
    )
    .await;
    assert_eq!(
        http(CUSTOM, &receipt)["body"],
        json!(r#"{"challenge":"c1"}"#)
    );
    // Not for somebody who cannot sign it.
    let unsigned = event("verify", "POST", "", &json!({}), text);
    assert_eq!(
        answer(&receiver, unsigned, START).await,
        (401, json!("missing_header"))
    );
    let look = event("look", "HEAD", "", &json!({}), "");
    assert_eq!(answer(&receiver, look, START).await, (200, Value::Null));
    let look = event("acme", "HEAD", "", &json!({}), "");
    assert_eq!(answer(&receiver, look, START).await.0, 405);
}
