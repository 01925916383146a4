//! How often an event is tried, and what ends it.

use webhooks::ledger::{Listing, Status};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::reopen;
use crate::workshop::{MAX_ATTEMPTS, Workshop};

#[tokio::test]
async fn an_event_whose_attempts_are_used_up_is_failed_with_its_cause() {
    let workshop = Workshop::open().await;
    for (kind, cause) in [
        ("retry", "busy; no attempts left after 3"),
        ("panic", "the handler panicked; no attempts left after 3"),
        (
            "refused",
            "the handler's writes were refused; no attempts left after 3",
        ),
    ] {
        let (key, record) = workshop.received(kind).await;
        for attempt in 1..MAX_ATTEMPTS {
            workshop.finish(&record).await;
            let waiting = workshop.state(&key).await;
            assert_eq!(
                (waiting.status, waiting.attempts),
                (Status::Waiting, attempt)
            );
            workshop.make_due(&key).await;
        }
        workshop.finish(&record).await;
        let failed = workshop.state(&key).await;
        assert_eq!(
            (failed.status, failed.attempts),
            (Status::Failed, MAX_ATTEMPTS)
        );
        assert_eq!(failed.cause.as_deref(), Some(cause));
        assert_eq!(workshop.effects(&key).await, 0);
        assert_eq!(workshop.runs(&key), MAX_ATTEMPTS);
    }
}

#[tokio::test]
async fn an_event_that_starts_again_has_all_its_attempts() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("failed").await;
    workshop.finish(&record).await;
    assert!(reopen(&workshop.ledger, &key, "again", Timestamp::now()).await);
    workshop.finish(&record).await;
    let failed = workshop.state(&key).await;
    assert_eq!(
        (failed.status, failed.attempts, failed.redeliveries),
        (Status::Failed, 1, 1)
    );
}

#[tokio::test]
async fn the_pause_grows_from_attempt_to_attempt_and_the_relay_waits_for_it() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("retry").await;
    for pause in [limits::RETRY_FIRST, limits::RETRY_FIRST * 3] {
        let before = Timestamp::now();
        workshop.finish(&record).await;
        let waiting = workshop.state(&key).await;
        let due_at = waiting.due_at.expect("it waits");
        assert!(due_at >= before.after(pause));
        assert!(due_at <= Timestamp::now().after(pause * 5 / 4));
        assert_eq!(waiting.overdue_at, Some(due_at.after(limits::GRACE)));
        workshop.make_due(&key).await;
    }
    assert_eq!(workshop.queue.delayed().await, 2);
}

#[tokio::test]
async fn a_failed_event_is_listed_with_its_cause_and_no_panic_message() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("panic").await;
    for attempt in 1..=MAX_ATTEMPTS {
        workshop.finish(&record).await;
        if attempt < MAX_ATTEMPTS {
            workshop.make_due(&key).await;
        }
    }
    let listing = Listing {
        provider: key.provider.clone(),
        source: key.source.clone(),
        kind: Some("test.panic".to_owned()),
        status: Some(Status::Failed),
        since: Timestamp::from_seconds(0),
        until: Timestamp::now(),
        limit: usize::MAX,
    };
    let listed = workshop
        .ledger
        .list(&listing)
        .await
        .expect("DynamoDB answers");
    let listed = listed
        .iter()
        .find(|summary| summary.key == key)
        .expect("it is listed");
    let cause = listed.cause.as_deref();
    assert_eq!(
        cause,
        Some("the handler panicked; no attempts left after 3")
    );
    let history = workshop.state(&key).await.history.join("\n");
    assert!(!history.contains("canary"), "{history}");
}
