//! A handler's writes that never can be written.

use webhooks::ledger::Status;

use crate::workshop::Workshop;

#[tokio::test]
async fn writes_that_dynamodb_never_takes_fail_the_event_after_one_run() {
    let workshop = Workshop::open().await;
    for (kind, cause) in [
        (
            "no-table",
            "DynamoDB does not take the handler's writes (ResourceNotFoundException)",
        ),
        ("too-much", "100 writes, of which a transaction takes 99"),
    ] {
        let (key, record) = workshop.received(kind).await;
        workshop.finish(&record).await;
        let failed = workshop.state(&key).await;
        assert_eq!((failed.status, failed.attempts), (Status::Failed, 1));
        assert_eq!(failed.cause.as_deref(), Some(cause));
        assert_eq!(workshop.effects(&key).await, 0);
        // And no later message runs it again.
        workshop.finish(&record).await;
        assert_eq!(workshop.runs(&key), 1);
    }
    assert_eq!(workshop.queue.delayed().await, 0);
}

#[tokio::test]
async fn writes_whose_condition_does_not_hold_are_tried_again() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("refused").await;
    workshop.finish(&record).await;
    let waiting = workshop.state(&key).await;
    assert_eq!((waiting.status, waiting.attempts), (Status::Waiting, 1));
    assert_eq!(workshop.effects(&key).await, 0);
    assert_eq!(workshop.queue.delayed().await, 1);
}
