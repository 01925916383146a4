//! Receipts that this version cannot read, of which a message says no more than the key.

use std::time::Duration;

use serde_json::Value;
use webhooks::envelope::reference;
use webhooks::event::EventKey;
use webhooks::ledger::{Settlement, Status};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{end, record};
use crate::workshop::{Workshop, record_of};

/// An event whose receipt has an encoding that is not known yet, its message, and the true encoding.
async fn spoiled(workshop: &Workshop) -> (EventKey, Value, String) {
    let event = workshop.unrecorded("effect");
    record(&workshop.ledger, &event).await;
    let (key, table) = (event.key().clone(), workshop.world.table());
    let encoding = workshop.world.set_encoding(table, &key, "later").await;
    let record = record_of(&key.id, &reference(&event));
    (key, record, encoding)
}

#[tokio::test]
async fn the_attempt_is_put_back_and_made_when_it_can_be_read() {
    let workshop = Workshop::open().await;
    let (key, record, encoding) = spoiled(&workshop).await;
    workshop.finish(&record).await;
    let state = workshop.ledger.state(&key).await;
    let waiting = state.expect("DynamoDB answers");
    assert_eq!(
        (waiting.status, waiting.attempts, waiting.put_back),
        (Status::Waiting, 0, 1)
    );
    let cause = waiting.cause.expect("a cause");
    assert!(cause.contains("this version cannot read"), "{cause}");
    assert_eq!(workshop.queue.delayed().await, 1);
    assert_eq!(workshop.runs(&key), 0);

    let table = workshop.world.table();
    workshop.world.set_encoding(table, &key, &encoding).await;
    workshop.make_due(&key).await;
    workshop.finish(&record).await;
    let done = workshop.state(&key).await;
    assert_eq!((done.status, done.attempts), (Status::Done, 1));
    assert_eq!(workshop.effects(&key).await, 1);
}

#[tokio::test]
async fn an_event_that_was_put_back_for_hours_is_failed() {
    let workshop = Workshop::open().await;
    let (key, record, encoding) = spoiled(&workshop).await;
    let table = workshop.world.table();
    workshop.world.set_encoding(table, &key, &encoding).await;
    for time in 0..limits::PUT_BACKS {
        let released = Settlement::Released {
            cause: "not now".to_owned(),
            pause: Duration::ZERO,
        };
        let now = Timestamp::from_seconds(i64::from(time));
        end(&workshop.ledger, &key, released, now).await;
    }
    workshop.world.set_encoding(table, &key, "later").await;
    workshop.finish(&record).await;
    let state = workshop.ledger.state(&key).await;
    let failed = state.expect("DynamoDB answers");
    assert_eq!(failed.status, Status::Failed);
    let cause = failed.cause.expect("a cause");
    assert!(cause.contains("this version cannot read"), "{cause}");
    assert_eq!(workshop.runs(&key), 0);
}
