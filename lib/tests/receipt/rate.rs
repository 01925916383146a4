//! How many deliveries a source takes, and who cannot use that up.

use serde_json::json;
use webhooks::provider::table::GITHUB;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, http, line, sign};
use crate::settings::event_at;
use crate::support::broken::Untouched;
use crate::support::sample::{START, at};

#[tokio::test]
async fn what_is_beyond_the_rate_is_told_to_come_later_and_costs_nothing() {
    let endpoint = Endpoint::open().await;
    endpoint
        .put_settings("github", "default", r#"{"rate": 2}"#)
        .await;
    let mut receiver = endpoint.receiver(GITHUB);
    for _ in 0..2 {
        let fixture = delivery(GITHUB, "push");
        assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    }
    let nothing = Untouched::new();
    let away = endpoint.receiver_at(
        GITHUB,
        &nothing.config(),
        &nothing.config(),
        endpoint.world.config(),
    );
    let (ledger, queue) = (
        std::mem::replace(&mut receiver.ledger, away.ledger),
        std::mem::replace(&mut receiver.queue, away.queue),
    );
    let fixture = delivery(GITHUB, "push");
    let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
    nothing.assert_untouched();
    assert_eq!(receipt.answer.status(), 503);
    let (line, http) = (line(&receipt), http(GITHUB, &receipt));
    assert_eq!(line["reason"], "rate_exceeded");
    assert_eq!(
        (&line["Throttled"], &line["level"]),
        (&json!(1), &json!("WARN"))
    );
    assert_eq!(http["headers"]["retry-after"], "30");
    assert_eq!(http["headers"]["webhook-outcome"], "throttled");
    assert_eq!(http["body"], json!(null));
    (receiver.ledger, receiver.queue) = (ledger, queue);
    assert_eq!(answer(&receiver, &fixture, at(1)).await, (202, "accepted"));
}

#[tokio::test]
async fn a_flood_takes_nothing_from_the_provider_nor_from_another_source() {
    let endpoint = Endpoint::open().await;
    for source in ["default", "other"] {
        endpoint.put_secret("github", source, SECRET).await;
        endpoint
            .put_settings("github", source, r#"{"rate": 1}"#)
            .await;
    }
    let receiver = endpoint.receiver(GITHUB);
    let mut forged = delivery(GITHUB, "push");
    sign(&mut forged, GITHUB, "another secret", START);
    for number in 0..20 {
        assert_eq!(
            answer(&receiver, &forged, START).await,
            (401, "unauthenticated")
        );
        let unknown = event_at(GITHUB, &forged, &format!("nobody-{number}"));
        assert_eq!(
            deliver(&receiver, unknown, START).await.answer.status(),
            401
        );
    }
    for status in [202, 503] {
        for source in ["default", "other"] {
            let event = event_at(GITHUB, &delivery(GITHUB, "push"), source);
            let receipt = deliver(&receiver, event, START).await;
            assert_eq!(receipt.answer.status(), status, "{source}");
        }
    }
}
