//! How often an event is tried, and what ends it.

use webhooks::ledger::{Listing, Status};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{claim, item};
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
            let again = workshop.process(std::slice::from_ref(&record)).await;
            assert_eq!(again, [key.id.as_str()]);
            let waiting = item(&workshop.ledger, &key).await;
            assert_eq!(
                (waiting.status, waiting.attempts),
                (Status::Received, attempt)
            );
        }
        assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
        let failed = item(&workshop.ledger, &key).await;
        assert_eq!(
            (failed.status, failed.attempts),
            (Status::Failed, MAX_ATTEMPTS)
        );
        assert_eq!(failed.cause.as_deref(), Some(cause));
        assert_eq!(workshop.effects(&key).await, 0);
    }
}

#[tokio::test]
async fn an_event_whose_attempts_all_crashed_is_failed_without_another() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    for crash in 0..i64::from(MAX_ATTEMPTS) {
        claim(
            &workshop.ledger,
            &key,
            Timestamp::from_seconds(crash * 1000),
        )
        .await;
    }
    assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
    let failed = item(&workshop.ledger, &key).await;
    assert_eq!(failed.status, Status::Failed);
    assert_eq!(failed.cause.as_deref(), Some("the attempts are used up"));
    assert_eq!(workshop.effects(&key).await, 0);
}

#[tokio::test]
async fn an_attempt_that_crashed_is_taken_over() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    claim(&workshop.ledger, &key, Timestamp::from_seconds(0)).await;
    assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
    let done = item(&workshop.ledger, &key).await;
    assert_eq!((done.status, done.attempts), (Status::Done, 2));
    assert_eq!(workshop.effects(&key).await, 1);
}

#[tokio::test]
async fn an_event_that_starts_again_has_all_its_attempts() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("failed").await;
    assert_eq!(
        workshop.process(std::slice::from_ref(&record)).await,
        Vec::<String>::new()
    );
    let reopened = workshop
        .ledger
        .reopen(&key, "again", Timestamp::now(), Timestamp::now())
        .await;
    assert!(reopened.expect("DynamoDB answers"));
    assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
    let failed = item(&workshop.ledger, &key).await;
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
        workshop.process(std::slice::from_ref(&record)).await;
        let overdue_at = item(&workshop.ledger, &key)
            .await
            .overdue_at
            .expect("it waits");
        assert!(overdue_at >= before.after(pause + limits::GRACE));
        assert!(overdue_at <= Timestamp::now().after(pause * 5 / 4 + limits::GRACE));
    }
}

#[tokio::test]
async fn a_failed_event_is_listed_with_its_cause_and_no_panic_message() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("panic").await;
    for _ in 0..MAX_ATTEMPTS {
        workshop.process(std::slice::from_ref(&record)).await;
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
    let history = item(&workshop.ledger, &key).await.history.join("\n");
    assert!(!history.contains("canary"), "{history}");
}
