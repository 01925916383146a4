//! Whence deliveries may come, and what happens when a provider's list cannot be had.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use webhooks::address_lists::AddressLists;
use webhooks::limits;
use webhooks::provider::table::GITHUB;
use webhooks::provider::table::STRIPE;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::receive::{Receipt, Receiver};

use crate::endpoint::{Endpoint, SECRET, deliver, delivery, http, line};
use crate::publisher::{Mode, Publisher, says};
use crate::support::broken::Untouched;
use crate::support::sample::{START, at};

/// The address in the events of the folder.
const INSIDE: &str = "192.0.2.1";
const OUTSIDE: &str = "198.51.100.1";
const AGE: i64 = limits::ADDRESSES_AGE.as_secs() as i64;
const PAUSE: i64 = limits::ADDRESSES_PAUSE.as_secs() as i64;

fn from(address: &str) -> Value {
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["requestContext"]["http"]["sourceIp"] = json!(address);
    event
}

fn status_and_reason(receipt: &Receipt) -> (u16, Value) {
    (receipt.answer.status(), line(receipt)["reason"].clone())
}

fn not_allowed() -> (u16, Value) {
    (401, json!("address_not_allowed"))
}

fn accepted() -> (u16, Value) {
    (202, Value::Null)
}

fn list(networks: &[&str]) -> Mode {
    let body = json!({"hooks": networks, "WEBHOOKS": networks, "web": ["203.0.113.0/24"]});
    says(StatusCode::OK, body.to_string())
}

/// GitHub's function with the published list as the setting of its source `default`.
async fn guarded(publisher: &Publisher, unavailable: &str) -> (Endpoint, Receiver) {
    let endpoint = Endpoint::open().await;
    let settings = json!({"addresses": "github", "addresses_unavailable": unavailable});
    endpoint
        .put_settings("github", "default", &settings.to_string())
        .await;
    let mut receiver = endpoint.receiver(GITHUB);
    receiver.addresses = AddressLists::new(ProviderHosts::new(Some(publisher.url.clone())));
    (endpoint, receiver)
}

#[tokio::test]
async fn another_address_is_refused_before_its_signature_and_the_secret_are_looked_at() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    let settings = json!({"addresses": ["198.51.100.0/24", "2001:db8::/32"]}).to_string();
    for (source, secret) in [("default", SECRET), ("blank", " ")] {
        endpoint.put_secret("github", source, secret).await;
        endpoint.put_settings("github", source, &settings).await;
        let receiver = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
        let mut event = from(INSIDE);
        event["rawPath"] = json!(format!("/webhooks/github/{source}"));
        let receipt = deliver(&receiver, event, START).await;
        assert_eq!(status_and_reason(&receipt), not_allowed(), "{source}");
        assert_eq!(http(GITHUB, &receipt)["body"], Value::Null);
    }
    nothing.assert_untouched();
    let receiver = endpoint.receiver(GITHUB);
    for address in [OUTSIDE, "2001:db8::7", "::ffff:198.51.100.9"] {
        let receipt = deliver(&receiver, from(address), START).await;
        assert_eq!(status_and_reason(&receipt), accepted(), "{address}");
    }
}

#[tokio::test]
async fn only_the_address_that_the_gateway_saw_counts() {
    let endpoint = Endpoint::open().await;
    let settings = json!({"addresses": [OUTSIDE]}).to_string();
    endpoint.put_settings("github", "default", &settings).await;
    let receiver = endpoint.receiver(GITHUB);
    let mut forwarded = from(INSIDE);
    for header in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
    ] {
        forwarded["headers"][header] = json!(OUTSIDE);
    }
    for event in [
        forwarded,
        from(""),
        from("198.51.100.1, 192.0.2.1"),
        from("localhost"),
    ] {
        let receipt = deliver(&receiver, event, START).await;
        assert_eq!(status_and_reason(&receipt), not_allowed());
    }
    let mut missing = from(INSIDE);
    missing["requestContext"]["http"]["sourceIp"] = Value::Null;
    let receipt = deliver(&receiver, missing, START).await;
    assert_eq!(status_and_reason(&receipt), not_allowed());
}

#[tokio::test]
async fn a_published_list_is_fetched_once_and_again_when_it_is_old() {
    let publisher = Publisher::of(list(&["192.0.2.0/24"])).await;
    let (_endpoint, receiver) = guarded(&publisher, "refuse").await;
    for second in 0..3 {
        let receipt = deliver(&receiver, from(INSIDE), at(second)).await;
        assert_eq!(status_and_reason(&receipt), accepted());
        let receipt = deliver(&receiver, from(OUTSIDE), at(second)).await;
        assert_eq!(status_and_reason(&receipt), not_allowed());
    }
    assert_eq!(publisher.asked(), ["/meta"]);
    publisher.now(list(&["198.51.100.0/24"]));
    deliver(&receiver, from(INSIDE), at(AGE)).await;
    assert_eq!(publisher.asked(), ["/meta"]);
    let receipt = deliver(&receiver, from(OUTSIDE), at(AGE + 1)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    let receipt = deliver(&receiver, from(INSIDE), at(AGE + 1)).await;
    assert_eq!(status_and_reason(&receipt), not_allowed());
    assert!(publisher.asked().is_empty());
}

#[tokio::test]
async fn each_provider_has_its_own_list() {
    let publisher = Publisher::of(list(&["192.0.2.0/24"])).await;
    let endpoint = Endpoint::open().await;
    let settings = r#"{"addresses": "stripe", "addresses_unavailable": "refuse"}"#;
    endpoint.put_settings("stripe", "default", settings).await;
    let mut receiver = endpoint.receiver(STRIPE);
    receiver.addresses = AddressLists::new(ProviderHosts::new(Some(publisher.url.clone())));
    let event = delivery(STRIPE, "charge.succeeded").gateway_event();
    assert_eq!(deliver(&receiver, event, START).await.answer.status(), 202);
    assert_eq!(publisher.asked(), ["/files/ips/ips_webhooks.json"]);
}

#[tokio::test]
async fn the_old_list_stays_when_a_new_one_cannot_be_had() {
    let publisher = Publisher::of(list(&["192.0.2.0/24"])).await;
    let (_endpoint, receiver) = guarded(&publisher, "refuse").await;
    deliver(&receiver, from(INSIDE), START).await;
    let too_long = format!(
        "{{\"hooks\": [], \"x\": \"{}\"}}",
        "x".repeat(limits::ADDRESS_LIST)
    );
    for (round, mode) in [
        says(StatusCode::FORBIDDEN, "rate limit exceeded"),
        says(StatusCode::FOUND, ""),
        says(StatusCode::OK, "<html>we are down</html>"),
        says(StatusCode::OK, r#"{"hooks": []}"#),
        says(StatusCode::OK, r#"{"hooks": ["everybody"]}"#),
        says(StatusCode::OK, too_long.clone()),
        Mode::Hangs,
    ]
    .into_iter()
    .enumerate()
    {
        publisher.now(mode);
        publisher.asked();
        let now = at(AGE + i64::try_from(round).expect("few") * PAUSE);
        let began = Instant::now();
        let receipt = deliver(&receiver, from(INSIDE), now).await;
        assert_eq!(status_and_reason(&receipt), accepted(), "{round}");
        assert!(began.elapsed() < limits::ADDRESSES + Duration::from_millis(900));
        assert_eq!(publisher.asked(), ["/meta"], "{round}");
        let receipt = deliver(&receiver, from(OUTSIDE), now).await;
        assert_eq!(status_and_reason(&receipt), not_allowed(), "{round}");
    }
}

#[tokio::test]
async fn without_any_list_the_setting_decides() {
    for (unavailable, expected) in [
        ("accept", (202, Value::Null, json!("unavailable"))),
        ("refuse", (503, json!("addresses_unavailable"), Value::Null)),
    ] {
        for mode in [says(StatusCode::INTERNAL_SERVER_ERROR, ""), Mode::Hangs] {
            let publisher = Publisher::of(list(&[])).await;
            publisher.now(mode);
            let (_endpoint, receiver) = guarded(&publisher, unavailable).await;
            let receipt = deliver(&receiver, from(OUTSIDE), START).await;
            let (status, reason) = status_and_reason(&receipt);
            let note = line(&receipt)["addresses"].clone();
            assert_eq!((status, reason, note), expected);
            let retry_after = &http(GITHUB, &receipt)["headers"]["retry-after"];
            assert_eq!(retry_after.is_string(), status == 503);
        }
    }
}

#[tokio::test]
async fn it_is_the_signature_that_decides_where_the_list_may_be_missing() {
    let publisher = Publisher::of(list(&[])).await;
    let (_endpoint, receiver) = guarded(&publisher, "accept").await;
    let mut forged = from(INSIDE);
    forged["body"] = json!("{}");
    let receipt = deliver(&receiver, forged, START).await;
    let refused = (401, json!("signature_mismatch"));
    assert_eq!(status_and_reason(&receipt), refused);
}

#[tokio::test]
async fn strangers_cause_no_more_than_one_fetch_in_a_pause_while_it_fails() {
    let publisher = Publisher::of(list(&[])).await;
    let (_endpoint, receiver) = guarded(&publisher, "refuse").await;
    for second in [0, 1, PAUSE - 1] {
        let receipt = deliver(&receiver, from(OUTSIDE), at(second)).await;
        assert_eq!(receipt.answer.status(), 503);
    }
    assert_eq!(publisher.asked().len(), 1);
    publisher.now(list(&["192.0.2.0/24"]));
    let receipt = deliver(&receiver, from(INSIDE), at(PAUSE)).await;
    assert_eq!(status_and_reason(&receipt), accepted());
    assert_eq!(publisher.asked().len(), 1);
}

#[tokio::test]
async fn a_list_that_hangs_does_not_touch_a_source_without_one() {
    let publisher = Publisher::of(list(&[])).await;
    publisher.now(Mode::Hangs);
    let (endpoint, receiver) = guarded(&publisher, "refuse").await;
    endpoint.put_secret("github", "open", SECRET).await;
    let mut event = from(OUTSIDE);
    event["rawPath"] = json!("/webhooks/github/open");
    let guarded = deliver(&receiver, from(INSIDE), START);
    let open = deliver(&receiver, event, START);
    let began = Instant::now();
    let first = tokio::select! {
        receipt = open => receipt,
        _ = guarded => panic!("the list came"),
    };
    assert_eq!(first.answer.status(), 202);
    assert!(began.elapsed() < limits::ADDRESSES);
}
