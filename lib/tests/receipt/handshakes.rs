//! Requests by which providers try an endpoint: answered, and recorded nowhere.

use serde_json::{Value, json};
use webhooks::provider::{Explained, catalog};

use crate::endpoint::{Endpoint, SECRET, deliver, http, line, request};
use crate::support::sample::START;

fn provider(name: &str) -> &'static dyn Explained {
    catalog::by_name(name).expect("it is built")
}

/// Status, header, body and reason of what a provider's function answers.
async fn ask(endpoint: &Endpoint, name: &str, event: Value) -> (u64, Value, Value, Value) {
    let provider = provider(name);
    let receiver = endpoint.receiver(provider);
    let receipt = deliver(&receiver, event, START).await;
    let response = http(provider, &receipt);
    let status = response["statusCode"].as_u64().expect("a status");
    let headers = response["headers"].clone();
    (
        status,
        headers,
        response["body"].clone(),
        line(&receipt)["reason"].clone(),
    )
}

#[tokio::test]
async fn what_tells_nothing_is_answered_to_anybody() {
    let endpoint = Endpoint::open().await;
    let none = json!({});
    let challenge = json!({"x-okta-verification-challenge": "a challenge"});
    for (name, method, query, headers, body, answer) in [
        ("dropbox", "GET", "challenge=a%26b", &none, "", "a&b"),
        (
            "okta",
            "GET",
            "",
            &challenge,
            "",
            r#"{"verification":"a challenge"}"#,
        ),
        ("trello", "HEAD", "", &none, "", ""),
        ("mailchimp", "GET", "key=anything", &none, "", ""),
        ("woocommerce", "POST", "", &none, "webhook_id=5", ""),
    ] {
        // Of a source that is not there: Mandrill shows its key only after it has asked.
        let event = request(name, method, query, headers, body);
        let (status, headers, body, _) = ask(&endpoint, name, event).await;
        assert_eq!((status, &body), (200, &json!(answer)), "{name}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{name}");
        assert_eq!(headers["webhook-outcome"], "ignored", "{name}");
    }
}

#[tokio::test]
async fn a_verify_token_has_to_be_set_and_to_match() {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("meta", "default", SECRET).await;
    let query = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=the+token";
    let event = |query: &str| request("meta", "GET", query, &json!({}), "");
    let refused = ask(&endpoint, "meta", event(query)).await;
    assert_eq!((refused.0, refused.3), (403, json!("handshake_refused")));
    let settings = r#"{"verify_token": "the token"}"#;
    endpoint.put_settings("meta", "default", settings).await;
    let (status, headers, body, _) = ask(&endpoint, "meta", event(query)).await;
    assert_eq!((status, body), (200, json!("42")));
    assert_eq!(headers["content-type"], "text/plain");
    for other in [
        "hub.mode=subscribe&hub.challenge=42&hub.verify_token=the+tokem",
        "hub.mode=subscribe&hub.challenge=42&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=42",
        "hub.mode=subscribe&hub.challenge=42&hub.verify_token=x&hub.verify_token=the+token",
    ] {
        assert_eq!(ask(&endpoint, "meta", event(other)).await.0, 403, "{other}");
    }
}

/// An HMAC under the key of the events signs whatever it is given.
#[tokio::test]
async fn nothing_that_could_be_an_event_is_signed_for_a_stranger() {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("x", "default", SECRET).await;
    let event = |query: &str| request("x", "GET", query, &json!({}), "");
    let (status, _, body, _) = ask(&endpoint, "x", event("crc_token=abc-_%2B%2F%3D")).await;
    assert_eq!(status, 200);
    assert!(
        body.as_str().is_some_and(|body| body.contains("sha256=")),
        "{body}"
    );
    let long = format!("crc_token={}", "a".repeat(513));
    for query in [
        "crc_token=%7B%22a%22%3A1%7D",
        "crc_token=a.b",
        "crc_token=a%20b",
        "crc_token=",
        &long,
    ] {
        let (status, _, body, _) = ask(&endpoint, "x", event(query)).await;
        assert_eq!((status, body), (400, Value::Null), "{query}");
    }
    // Two values: which of them counts?
    let (status, ..) = ask(&endpoint, "x", event("crc_token=a&crc_token=b")).await;
    assert_eq!(status, 405);
}

/// Whoever brings the key could sign everything from then on.
#[tokio::test]
async fn a_secret_that_a_stranger_brings_is_refused() {
    let endpoint = Endpoint::open().await;
    for (name, headers, body) in [
        ("asana", json!({"x-hook-secret": "b537207f"}), "{}"),
        ("notion", json!({}), r#"{"verification_token":"secret_a"}"#),
    ] {
        endpoint.put_secret(name, "default", SECRET).await;
        let event = request(name, "POST", "", &headers, body);
        let (status, headers, body, reason) = ask(&endpoint, name, event).await;
        assert_eq!((status, body), (401, Value::Null), "{name}");
        assert_eq!(reason, "handshake_refused", "{name}");
        assert_eq!(headers["x-hook-secret"], Value::Null, "{name}");
    }
}

/// While the operator has opened the source, the first secret is kept and no other.
#[tokio::test]
async fn a_secret_is_taken_once_while_its_source_is_open() {
    let endpoint = Endpoint::open().await;
    let ledger = endpoint.world.ledger();
    for (name, event) in [
        ("asana", bringing as fn(&str) -> Value),
        ("notion", |secret| {
            let body = json!({"verification_token": secret}).to_string();
            request("notion", "POST", "", &json!({}), &body)
        }),
    ] {
        ledger
            .forget_offer(name, "default")
            .await
            .expect("DynamoDB answers");
        let until = START.after(std::time::Duration::from_secs(60));
        let settings = json!({"pairing_until": until.to_string()}).to_string();
        endpoint.put_settings(name, "default", &settings).await;
        // No secret has been stored yet.
        let (status, headers, ..) = ask(&endpoint, name, event("the-first")).await;
        assert_eq!(status, 200, "{name}");
        if name == "asana" {
            assert_eq!(headers["x-hook-secret"], "the-first");
        }
        let (status, .., reason) = ask(&endpoint, name, event("a-stranger-s")).await;
        assert_eq!((status, reason), (401, json!("paired_already")), "{name}");
        // Its provider asks again.
        assert_eq!(
            ask(&endpoint, name, event("the-first")).await.0,
            200,
            "{name}"
        );
        let offered = ledger
            .offered(name, "default")
            .await
            .expect("DynamoDB answers");
        let offered = offered.expect("it is kept");
        assert_eq!(offered.secret.bytes(), b"the-first", "{name}");
        assert!(offered.contested, "{name}");
        let settings = json!({"pairing_until": START.to_string()}).to_string();
        endpoint.put_settings(name, "default", &settings).await;
        let (status, .., reason) = ask(&endpoint, name, event("the-first")).await;
        assert_eq!(
            (status, reason),
            (401, json!("handshake_refused")),
            "{name}"
        );
    }
}

fn bringing(secret: &str) -> Value {
    request("asana", "POST", "", &json!({"x-hook-secret": secret}), "{}")
}

#[tokio::test]
async fn a_method_that_no_handshake_has_is_refused_as_before() {
    let endpoint = Endpoint::open().await;
    for (name, method) in [("github", "HEAD"), ("github", "GET"), ("stripe", "HEAD")] {
        let event = request(name, method, "challenge=x", &json!({}), "");
        assert_eq!(ask(&endpoint, name, event).await.0, 405, "{name} {method}");
    }
}
