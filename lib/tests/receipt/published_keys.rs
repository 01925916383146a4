//! Keys that providers publish: read once, from the provider alone, and never because a stranger says so.

use std::time::Instant;

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::{Value, json};
use webhooks::limits;
use webhooks::provider::Explained;
use webhooks::provider::paypal::PAYPAL;
use webhooks::provider::plaid::PLAID;
use webhooks::provider::sns::SNS;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::published_keys::PublishedKeys;
use webhooks::receive::{Receipt, Receiver};
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{Endpoint, SECRET, deliver, delivery, http, line, secret, sign};
use crate::publisher::{Mode, Publisher, says};
use crate::support::project;
use crate::support::sample::{START, at};

const AGE: i64 = limits::KEY_AGE.as_secs() as i64;
const PAUSE: i64 = limits::KEY_PAUSE.as_secs() as i64;
const CERTIFICATE: &str = "/SimpleNotificationService-development.pem";
const CREDENTIALS: &str = "client:secret";

fn status_and_reason(receipt: &Receipt) -> (u16, Value) {
    (receipt.answer.status(), line(receipt)["reason"].clone())
}

fn accepted() -> (u16, Value) {
    (202, Value::Null)
}

fn unavailable() -> (u16, Value) {
    (503, json!("key_unavailable"))
}

fn refused() -> (u16, Value) {
    (503, json!("key_refused"))
}

fn unknown() -> (u16, Value) {
    (401, json!("unknown_key"))
}

/// What the provider publishes.
fn key(provider: &dyn Explained, text: &str) -> Mode {
    let publication = provider.publication(&secret(text));
    says(StatusCode::OK, publication.expect("it publishes").text)
}

/// A provider's function, and an endpoint with that secret, whose keys come from `publisher`.
async fn function(
    provider: &'static dyn Explained,
    text: &str,
    publisher: &Publisher,
) -> (Endpoint, Receiver) {
    let endpoint = Endpoint::open().await;
    let name = provider.profile().name;
    endpoint.put_secret(name, "default", text).await;
    let mut receiver = endpoint.receiver(provider);
    receiver.hosts = ProviderHosts::new(Some(publisher.url.clone()));
    receiver.keys = PublishedKeys::new(receiver.hosts.clone());
    (endpoint, receiver)
}

/// A delivery that no other test has sent.
fn fresh(provider: &dyn Explained, event: &str, text: &str) -> Fixture {
    let fixture = Fixture::read(&project(), provider.profile().name, event);
    let mut fixture = fixture.expect("a file in events/");
    let renewed = fixture.renew(provider, &secret(text), START);
    renewed.expect("a delivery");
    fixture
}

fn notification() -> Value {
    delivery(SNS, "notification").gateway_event()
}

#[tokio::test]
async fn a_key_is_read_once_however_many_come_at_once() {
    let publisher = Publisher::of(key(SNS, SECRET)).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    let receipts = (0..20).map(|_| deliver(&receiver, notification(), START));
    for receipt in join_all(receipts).await {
        assert_eq!(status_and_reason(&receipt), accepted());
    }
    assert_eq!(publisher.asked(), [CERTIFICATE]);
    let receipt = deliver(&receiver, notification(), at(AGE - 1)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    assert!(publisher.asked().is_empty());
    let receipt = deliver(&receiver, notification(), at(AGE)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    assert_eq!(publisher.asked(), [CERTIFICATE]);
}

#[tokio::test]
async fn while_the_key_server_is_down_keys_at_hand_go_on_and_others_come_later() {
    let publisher = Publisher::of(says(StatusCode::BAD_GATEWAY, "")).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    for second in 0..3 {
        let receipt = deliver(&receiver, notification(), at(second)).await;
        assert_eq!(status_and_reason(&receipt), unavailable());
        assert!(http(SNS, &receipt)["headers"]["retry-after"].is_string());
    }
    assert_eq!(
        publisher.asked(),
        [CERTIFICATE],
        "it is not asked again at once"
    );
    publisher.now(key(SNS, SECRET));
    let receipt = deliver(&receiver, notification(), at(PAUSE)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    publisher.now(says(StatusCode::BAD_GATEWAY, ""));
    for second in [PAUSE + AGE, PAUSE + 2 * AGE] {
        let receipt = deliver(&receiver, notification(), at(second)).await;
        assert_eq!(status_and_reason(&receipt), accepted());
    }
    // Withdrawn, it ends.
    publisher.now(says(StatusCode::NOT_FOUND, ""));
    let receipt = deliver(&receiver, notification(), at(PAUSE + 3 * AGE)).await;
    assert_eq!(status_and_reason(&receipt), refused());
}

#[tokio::test]
async fn what_is_no_whole_answer_of_the_host_is_no_key() {
    let elsewhere = Publisher::of(key(SNS, SECRET)).await;
    let moved = format!("{}{CERTIFICATE}", elsewhere.url);
    let publisher = Publisher::of(Mode::Redirects(moved)).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    let mut certificate = SNS.publication(&secret(SECRET)).expect("a key").text;
    certificate.resize(limits::KEY_TEXT + 1, b'\n');
    let modes = [
        Mode::Redirects(format!("{}{CERTIFICATE}", elsewhere.url)),
        says(StatusCode::OK, certificate),
        Mode::Hangs,
    ];
    let began = Instant::now();
    for (index, mode) in modes.into_iter().enumerate() {
        publisher.now(mode);
        let second = i64::try_from(index).expect("a small number") * PAUSE;
        let receipt = deliver(&receiver, notification(), at(second)).await;
        assert_eq!(status_and_reason(&receipt), unavailable(), "{index}");
    }
    assert!(began.elapsed() < SNS.profile().answer_within);
    assert_eq!(publisher.asked().len(), 3);
    assert!(elsewhere.asked().is_empty(), "a redirect was followed");
    publisher.now(says(StatusCode::OK, "<html>no certificate</html>"));
    let receipt = deliver(&receiver, notification(), at(3 * PAUSE)).await;
    assert_eq!(status_and_reason(&receipt), unavailable());
    let torn = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
    publisher.now(says(StatusCode::OK, torn));
    let receipt = deliver(&receiver, notification(), at(4 * PAUSE)).await;
    assert_eq!(status_and_reason(&receipt), unknown());
}

#[tokio::test]
async fn a_refusal_is_one_however_much_is_said_with_it() {
    let page = vec![b'\n'; limits::KEY_TEXT + 1];
    let publisher = Publisher::of(says(StatusCode::NOT_FOUND, page)).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    let receipt = deliver(&receiver, notification(), at(0)).await;
    assert_eq!(status_and_reason(&receipt), refused());
}

#[tokio::test]
async fn another_topics_messages_make_nobody_read_anything() {
    let publisher = Publisher::of(key(SNS, SECRET)).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    let mut stranger = delivery(SNS, "notification");
    sign(
        &mut stranger,
        SNS,
        "arn:aws:sns:us-east-1:210987654321:theirs",
        START,
    );
    let receipt = deliver(&receiver, stranger.gateway_event(), START).await;
    assert_eq!(status_and_reason(&receipt).0, 401);
    for url in [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com/?Action=Publish&x=/SimpleNotificationService-a.pem",
        "https://evil.example/SimpleNotificationService-a.pem",
    ] {
        let mut event = notification();
        let mut body: Value = event["body"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .expect("JSON");
        body["SigningCertURL"] = json!(url);
        event["body"] = json!(body.to_string());
        let receipt = deliver(&receiver, event, START).await;
        assert_eq!(
            status_and_reason(&receipt),
            (401, json!("malformed_header")),
            "{url}"
        );
    }
    assert!(publisher.asked().is_empty());
}

#[tokio::test]
async fn a_forger_who_names_ever_new_keys_uses_up_a_budget_and_no_key_at_hand() {
    let publisher = Publisher::of(key(PAYPAL, SECRET)).await;
    let (_endpoint, receiver) = function(PAYPAL, SECRET, &publisher).await;
    let genuine = || fresh(PAYPAL, "payment_capture_completed", SECRET).gateway_event();
    let receipt = deliver(&receiver, genuine(), START).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    publisher.asked();
    publisher.now(says(StatusCode::NOT_FOUND, ""));
    let forged = |name: usize| {
        let mut event = genuine();
        let url = format!("https://api.paypal.com/v1/notifications/certs/CERT-{name}");
        event["headers"]["paypal-cert-url"] = json!(url);
        event
    };
    let receipts = (0..100).map(|name| deliver(&receiver, forged(name), START));
    for receipt in join_all(receipts).await {
        assert_eq!(status_and_reason(&receipt), refused());
    }
    assert!(
        publisher.asked().len() < limits::KEY_BUDGET,
        "one was the genuine one"
    );
    let receipt = deliver(&receiver, genuine(), at(1)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    // The budget comes back, and what is not there is not asked for again at once.
    let later = limits::KEY_BUDGET_TIME.as_secs() as i64;
    for second in [later, later + 1] {
        let receipt = deliver(&receiver, forged(1000), at(second)).await;
        assert_eq!(status_and_reason(&receipt), refused());
    }
    assert_eq!(publisher.asked().len(), 1);
    // A key that comes to be there is read; its address is not signed.
    publisher.now(key(PAYPAL, SECRET));
    let receipt = deliver(&receiver, forged(1000), at(later + PAUSE)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
}

#[tokio::test]
async fn plaid_is_asked_with_the_credentials_and_its_key_ends_when_it_says() {
    let publisher = Publisher::of(key(PLAID, CREDENTIALS)).await;
    let (_endpoint, receiver) = function(PLAID, CREDENTIALS, &publisher).await;
    let event = || fresh(PLAID, "item_error", CREDENTIALS).gateway_event();
    let receipt = deliver(&receiver, event(), START).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    let ask = r#"{"client_id":"client","key_id":"development","secret":"secret"}"#;
    let asked = [format!("POST /webhook_verification_key/get {ask}")];
    assert_eq!(publisher.asked(), asked);
    // Another process reads it after it has ended.
    let Mode::Says(_, text) = key(PLAID, CREDENTIALS) else {
        panic!("it says a key");
    };
    let mut ended: Value = serde_json::from_slice(&text).expect("JSON");
    ended["key"]["expired_at"] = json!(START.seconds());
    publisher.now(says(StatusCode::OK, ended.to_string()));
    let (_endpoint, receiver) = function(PLAID, CREDENTIALS, &publisher).await;
    let receipt = deliver(&receiver, event(), START).await;
    assert_eq!(status_and_reason(&receipt), unknown());
    // Credentials that are refused are for the operator to mend, and the delivery comes again.
    publisher.now(says(
        StatusCode::FORBIDDEN,
        r#"{"error_code":"INVALID_API_KEYS"}"#,
    ));
    let (_endpoint, receiver) = function(PLAID, CREDENTIALS, &publisher).await;
    let receipt = deliver(&receiver, event(), START).await;
    assert_eq!(status_and_reason(&receipt), refused());
    assert!(
        !format!("{receiver:?}").contains("secret\""),
        "credentials are printed"
    );
}

#[tokio::test]
async fn a_subscription_is_confirmed_where_sns_says_so_and_not_recorded() {
    let publisher = Publisher::of(key(SNS, SECRET)).await;
    let (_endpoint, receiver) = function(SNS, SECRET, &publisher).await;
    let mut fixture = Fixture::read(&project(), "sns", "subscription_confirmation");
    let fixture = fixture.as_mut().expect("a file in events/");
    sign(fixture, SNS, SECRET, START);
    let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
    assert_eq!(receipt.answer.status(), 200);
    assert_eq!(http(SNS, &receipt)["body"], json!(""));
    let asked = publisher.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[1].starts_with("/?Action=ConfirmSubscription&TopicArn="),
        "{asked:?}"
    );
    publisher.now(says(StatusCode::INTERNAL_SERVER_ERROR, ""));
    let receipt = deliver(&receiver, fixture.gateway_event(), at(1)).await;
    assert_eq!(
        status_and_reason(&receipt),
        (503, json!("not_fetched_back"))
    );
}
