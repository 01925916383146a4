//! A captured body under another name: counted, or refused where the source says so.

use futures::future::join_all;
use serde_json::{Value, json};
use webhooks::ledger::Body;
use webhooks::provider::table::GITHUB;
use webhooks::receive::Receiver;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, http, key, line};
use crate::settings::event_at;
use crate::support::broken::Closed;
use crate::support::sample::{FAR, START, at, end, failed, item};
use crate::support::unique;

async fn guarded() -> (Endpoint, Receiver) {
    let endpoint = Endpoint::open().await;
    refuse_replays(&endpoint).await;
    let receiver = endpoint.receiver(GITHUB);
    (endpoint, receiver)
}

async fn refuse_replays(endpoint: &Endpoint) {
    let settings = r#"{"replays": "refuse"}"#;
    endpoint.put_settings("github", "default", settings).await;
}

/// A push whose body no test had before.
fn fresh() -> Fixture {
    let mut fixture = delivery(GITHUB, "push");
    fixture.delivery.body = json!({"once": unique("body")}).to_string().into_bytes();
    crate::endpoint::sign(&mut fixture, GITHUB, SECRET, START);
    fixture
}

/// The same body, signature and all, with one header changed.
fn with(fixture: &Fixture, header: &str, value: &str) -> Fixture {
    let mut changed = fixture.clone();
    changed.delivery.headers.set(header, value);
    changed
}

const GUID: &str = "x-github-delivery";
const HOOK: &str = "x-github-hook-id";
const EVENT: &str = "x-github-event";

#[tokio::test]
async fn a_captured_body_under_another_name_is_refused() {
    let (endpoint, receiver) = guarded().await;
    let genuine = fresh();
    assert_eq!(answer(&receiver, &genuine, START).await, (202, "accepted"));
    let renamed = with(&genuine, GUID, &unique("guid"));
    for replay in [
        renamed.clone(),
        with(&genuine, HOOK, "1"),
        with(&renamed, EVENT, "release"),
    ] {
        let receipt = deliver(&receiver, replay.gateway_event(), at(1)).await;
        assert_eq!(receipt.answer.status(), 401);
        assert_eq!(http(GITHUB, &receipt)["body"], Value::Null);
        let line = line(&receipt);
        assert_eq!(line["reason"], "replayed_body");
        assert_eq!(line["first.id"], key(&genuine).id);
        assert_eq!(
            (&line["KnownDigest"], &line["Refused"]),
            (&json!(1), &json!(1))
        );
        let found = receiver.ledger.find(&key(&replay)).await;
        assert_eq!(found.expect("DynamoDB answers"), None);
    }
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn a_redelivery_means_what_it_always_means() {
    let (_endpoint, receiver) = guarded().await;
    let genuine = fresh();
    assert_eq!(answer(&receiver, &genuine, START).await, (202, "accepted"));
    assert_eq!(answer(&receiver, &genuine, at(1)).await, (200, "duplicate"));
    end(&receiver.ledger, &key(&genuine), failed("no"), at(2)).await;
    assert_eq!(answer(&receiver, &genuine, at(3)).await, (202, "accepted"));
}

#[tokio::test]
async fn of_one_body_under_ten_names_at_once_one_is_an_event() {
    let (endpoint, receiver) = guarded().await;
    let genuine = fresh();
    let copies: Vec<_> = (0..10)
        .map(|_| with(&genuine, GUID, &unique("guid")))
        .collect();
    let answers = copies.iter().map(|copy| answer(&receiver, copy, START));
    let answers = join_all(answers).await;
    let accepted = answers.iter().filter(|(status, _)| *status == 202).count();
    let refused = answers.iter().filter(|(status, _)| *status == 401).count();
    assert_eq!((accepted, refused), (1, 9));
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn a_crash_after_the_body_is_claimed_loses_nothing_and_lets_nobody_in() {
    let (_endpoint, receiver) = guarded().await;
    let genuine = fresh();
    let digest = webhooks::signature::sha256(&genuine.delivery.body);
    let named = key(&genuine);
    let claim = receiver.ledger.claim_body(&named, digest, FAR);
    assert_eq!(claim.await.expect("DynamoDB answers"), Body::Ours);
    let replay = with(&genuine, GUID, &unique("guid"));
    let refused = (401, "unauthenticated");
    assert_eq!(answer(&receiver, &replay, at(1)).await, refused);
    assert_eq!(answer(&receiver, &genuine, at(2)).await, (202, "accepted"));
}

#[tokio::test]
async fn what_the_ledger_had_before_is_known_by_its_id() {
    let endpoint = Endpoint::open().await;
    let genuine = fresh();
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(answer(&receiver, &genuine, START).await, (202, "accepted"));
    refuse_replays(&endpoint).await;
    let receiver = endpoint.receiver(GITHUB);
    // The first to bring a body after the setting has it, whoever that is.
    let replay = with(&genuine, GUID, &unique("guid"));
    assert_eq!(answer(&receiver, &replay, at(1)).await, (202, "accepted"));
    assert_eq!(answer(&receiver, &genuine, at(2)).await, (200, "duplicate"));
}

#[tokio::test]
async fn a_body_is_held_for_its_source_alone_and_no_event_has_its_key() {
    let (endpoint, receiver) = guarded().await;
    endpoint.put_secret("github", "other", SECRET).await;
    let settings = r#"{"replays": "refuse"}"#;
    endpoint.put_settings("github", "other", settings).await;
    let genuine = fresh();
    assert_eq!(answer(&receiver, &genuine, START).await, (202, "accepted"));
    let other = with(&genuine, GUID, &unique("guid"));
    let other = event_at(GITHUB, &other, "other");
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(deliver(&receiver, other, at(1)).await.answer.status(), 202);
    let digest = hex::encode(webhooks::signature::sha256(&genuine.delivery.body));
    let mut event = with(&fresh(), GUID, &format!("#{digest}")).gateway_event();
    event["headers"]
        .as_object_mut()
        .expect("headers")
        .remove(HOOK);
    assert_eq!(deliver(&receiver, event, at(2)).await.answer.status(), 202);
    let kept = item(&receiver.ledger, &key(&genuine)).await;
    assert_eq!(kept.state.duplicates, 0);
}

#[tokio::test]
async fn an_event_that_cannot_be_held_against_replays_is_kept_all_the_same() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    refuse_replays(&endpoint).await;
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    assert_eq!(answer(&receiver, &fresh(), START).await, (202, "accepted"));
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn without_the_setting_it_is_an_event_and_counted() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let genuine = fresh();
    let again = with(&genuine, GUID, &unique("guid"));
    for (fixture, status, known) in [
        (&genuine, 202, None),
        (&genuine, 200, None),
        (&again, 202, Some(1)),
        (&again, 200, None),
        (&fresh(), 202, None),
    ] {
        let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
        assert_eq!(receipt.answer.status(), status);
        assert_eq!(line(&receipt)["KnownDigest"].as_i64(), known);
    }
}

#[tokio::test]
async fn two_hooks_that_share_a_guid_are_two_events_unless_bodies_count() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let one = fresh();
    let other = with(&one, HOOK, "2");
    assert_eq!(answer(&receiver, &one, START).await, (202, "accepted"));
    assert_eq!(answer(&receiver, &other, START).await, (202, "accepted"));
    assert_eq!(endpoint.queue.bodies().await.len(), 2);
}
