//! Where the secrets come from, and when they are read again.

use serde_json::Value;
use webhooks::limits;
use webhooks::provider::table::GITHUB;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{
    Endpoint, SECRET, answer, deliver, deliver_late, delivery, http, line, sign,
};
use crate::support::broken::{Lossy, Untouched};
use crate::support::sample::{START, at};

const PAUSE: i64 = limits::SECRETS_PAUSE.as_secs() as i64;

fn signed_with(secret: &str) -> Fixture {
    let mut fixture = delivery(GITHUB, "push");
    sign(&mut fixture, GITHUB, secret, START);
    fixture
}

#[tokio::test]
async fn a_start_without_secrets_is_an_outage_and_not_a_refusal() {
    let endpoint = Endpoint::open().await;
    let (ssm, nothing) = (
        Lossy::before(&endpoint.world.endpoint()).await,
        Untouched::new(),
    );
    let mut receiver =
        endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), &ssm.config());
    ssm.lose(u32::MAX);
    let forgery = signed_with("forged");
    for fixture in [delivery(GITHUB, "push"), forgery] {
        // The gateway has waited long for them.
        let waited = at(limits::FIRST_ANSWER.as_secs() as i64);
        let receipt = deliver_late(&receiver, fixture.gateway_event(), START, waited).await;
        assert_eq!(receipt.answer.status(), 503);
        assert_eq!(line(&receipt)["reason"], "secrets_unavailable");
        let response = http(GITHUB, &receipt);
        assert_eq!(response["headers"]["retry-after"], "30");
        assert_eq!(response["body"], Value::Null);
    }
    nothing.assert_untouched();
    ssm.lose(0);
    receiver.ledger = endpoint.world.ledger();
    receiver.queue = endpoint.queue.queue();
    assert_eq!(
        answer(&receiver, &delivery(GITHUB, "push"), START).await,
        (202, "accepted")
    );
}

#[tokio::test]
async fn a_blank_parameter_refuses_its_source_and_no_other() {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("github", "blank", " \n\t\r\n ").await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    let mut event = fixture.gateway_event();
    event["rawPath"] = "/webhooks/github/blank".into();
    let receipt = deliver(&receiver, event, START).await;
    assert_eq!(receipt.answer.status(), 503);
    assert_eq!(line(&receipt)["reason"], "no_usable_secret");
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
}

#[tokio::test]
async fn a_rotation_takes_effect_without_a_restart_at_most_once_per_pause() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), START).await,
        (202, "accepted")
    );
    endpoint.put_secret("github", "default", "second").await;
    let refused = (401, "unauthenticated");
    assert_eq!(
        answer(&receiver, &signed_with("second"), at(1)).await,
        (202, "accepted")
    );
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(2)).await,
        refused
    );
    // That look is used up, so the next rotation waits for the one after.
    endpoint.put_secret("github", "default", "third").await;
    assert_eq!(
        answer(&receiver, &signed_with("third"), at(PAUSE)).await,
        refused
    );
    assert_eq!(
        answer(&receiver, &signed_with("third"), at(PAUSE + 1)).await,
        (202, "accepted")
    );
}

#[tokio::test]
async fn a_source_that_is_registered_later_is_found() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let mut event = delivery(GITHUB, "push").gateway_event();
    event["rawPath"] = "/webhooks/github/later".into();
    let receipt = deliver(&receiver, event.clone(), START).await;
    assert_eq!(receipt.answer.status(), 401);
    endpoint.put_secret("github", "later", SECRET).await;
    let receipt = deliver(&receiver, event, at(PAUSE)).await;
    assert_eq!(receipt.answer.status(), 202);
}

#[tokio::test]
async fn a_source_that_gets_its_first_usable_secret_is_served() {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("github", "default", " ").await;
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), START).await,
        (503, "unavailable")
    );
    endpoint.put_secret("github", "default", SECRET).await;
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(PAUSE)).await,
        (202, "accepted")
    );
}

#[tokio::test]
async fn a_secret_that_was_taken_away_stops_working_when_the_secrets_are_read_again() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), START).await,
        (202, "accepted")
    );
    endpoint.put_secret("github", "default", "second").await;
    let age = limits::SECRETS_AGE.as_secs() as i64;
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(age - 1)).await,
        (202, "accepted")
    );
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(age)).await,
        (401, "unauthenticated")
    );
}

#[tokio::test]
async fn goes_on_with_the_secrets_at_hand_when_ssm_is_down() {
    let endpoint = Endpoint::open().await;
    let (ssm, config) = (
        Lossy::before(&endpoint.world.endpoint()).await,
        endpoint.world.config(),
    );
    let receiver = endpoint.receiver_at(GITHUB, config, config, &ssm.config());
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), START).await,
        (202, "accepted")
    );
    ssm.lose(u32::MAX);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(10_000)).await,
        (202, "accepted")
    );
    assert_eq!(
        answer(&receiver, &signed_with("forged"), at(20_000)).await,
        (401, "unauthenticated")
    );
}

#[tokio::test]
async fn asks_ssm_at_most_once_per_pause_while_it_is_down() {
    let endpoint = Endpoint::open().await;
    let (ssm, config) = (
        Lossy::before(&endpoint.world.endpoint()).await,
        endpoint.world.config(),
    );
    let receiver = endpoint.receiver_at(GITHUB, config, config, &ssm.config());
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), START).await,
        (202, "accepted")
    );
    ssm.lose(u32::MAX);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), at(10_000)).await,
        (202, "accepted")
    );
    // SSM is back with another secret, which shows when it is asked again.
    ssm.lose(0);
    endpoint.put_secret("github", "default", "second").await;
    let waiting = at(10_000 + PAUSE - 1);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), waiting).await,
        (202, "accepted")
    );
    let due = at(10_000 + PAUSE);
    assert_eq!(
        answer(&receiver, &signed_with(SECRET), due).await,
        (401, "unauthenticated")
    );
}

#[tokio::test]
async fn accepts_every_line_and_says_which_one_matched() {
    let endpoint = Endpoint::open().await;
    endpoint
        .put_secret("github", "default", "first\n\nsecond\r\n")
        .await;
    let receiver = endpoint.receiver(GITHUB);
    for (secret, number) in [("first", 1), ("second", 2)] {
        let receipt = deliver(&receiver, signed_with(secret).gateway_event(), START).await;
        assert_eq!(receipt.answer.status(), 202);
        assert_eq!(line(&receipt)["secret.line"], number);
    }
}

#[tokio::test]
async fn reads_more_sources_than_one_page_has() {
    let endpoint = Endpoint::open().await;
    for number in 0..25 {
        let source = format!("source-{number:02}");
        endpoint.put_secret("github", &source, SECRET).await;
    }
    let receiver = endpoint.receiver(GITHUB);
    for source in ["source-00", "source-12", "source-24"] {
        let mut event = delivery(GITHUB, "push").gateway_event();
        event["rawPath"] = format!("/webhooks/github/{source}").into();
        assert_eq!(
            deliver(&receiver, event, START).await.answer.status(),
            202,
            "{source}"
        );
    }
}
