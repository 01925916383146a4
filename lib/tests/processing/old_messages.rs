//! Messages that are older than what the ledger keeps: they were in the dead-letter queue, and somebody
//! has moved them back.

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::envelope::{envelope, reference, whole_envelope};
use webhooks::event::Event;
use webhooks::ledger::Status;
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{end, event_of, failed, record};
use crate::workshop::{Workshop, record_of};

/// Received so long ago that the ledger need not have it any more.
fn old(workshop: &Workshop) -> Event<'static> {
    let age = limits::LEAST_RETENTION.as_millis();
    let age = i64::try_from(age).expect("some days");
    let then = Timestamp::from_millis(Timestamp::now().millis() - age);
    workshop.unrecorded_at("effect", then)
}

#[tokio::test]
async fn an_event_that_the_ledger_no_longer_has_does_not_run_again() {
    let workshop = Workshop::open().await;
    for message in [envelope, reference] {
        let event = old(&workshop);
        workshop.finish(&record_of("old", &message(&event))).await;
        let (key, table) = (event.key(), workshop.world.table());
        assert_eq!((workshop.runs(key), workshop.effects(key).await), (0, 0));
        let found = workshop.ledger.find(key).await;
        assert_eq!(found.expect("DynamoDB answers"), None);
        assert_eq!(workshop.world.state_item(table, key).await, None);
    }
}

#[tokio::test]
async fn an_event_that_was_never_recorded_goes_back() {
    let workshop = Workshop::open().await;
    let event = old(&workshop);
    let record = record_of("old", &whole_envelope(&event));
    assert_eq!(workshop.process(&[record]).await, ["old"]);
    let (key, table) = (event.key(), workshop.world.table());
    assert_eq!(workshop.runs(key), 0);
    let found = workshop.ledger.find(key).await;
    assert_eq!(found.expect("DynamoDB answers"), None);
    assert_eq!(workshop.world.state_item(table, key).await, None);
}

#[tokio::test]
async fn an_event_that_the_ledger_has_runs_once_however_old_it_is() {
    let workshop = Workshop::open().await;
    for message in [envelope, reference, whole_envelope] {
        let event = old(&workshop);
        record(&workshop.ledger, &event).await;
        for _ in 0..2 {
            workshop.finish(&record_of("old", &message(&event))).await;
        }
        let key = event.key();
        assert_eq!(workshop.state(key).await.status, Status::Done);
        assert_eq!((workshop.runs(key), workshop.effects(key).await), (1, 1));
    }
}

#[tokio::test]
async fn a_message_a_minute_younger_counts_by_itself() {
    let workshop = Workshop::open().await;
    let event = old(&workshop);
    let younger = event.received_at().after(limits::GRACE);
    let event = event_of(event.key(), event.kind(), younger, b"{}");
    let record = record_of("younger", &whole_envelope(&event));
    workshop.finish(&record).await;
    let key = event.key();
    assert_eq!(workshop.state(key).await.status, Status::Done);
    assert_eq!(workshop.effects(key).await, 1);
}

/// The state of an event outlives its receipt: it ended later than it came.
#[tokio::test]
async fn a_failed_event_whose_receipt_is_gone_starts_again_with_a_new_one() {
    let workshop = Workshop::open().await;
    let first = old(&workshop);
    let key = first.key();
    record(&workshop.ledger, &first).await;
    end(&workshop.ledger, key, failed("no"), first.received_at()).await;
    let delete = workshop.world.dynamodb().delete_item();
    let delete = delete.table_name(workshop.world.table());
    let receipt = AttributeValue::S(key.to_string());
    let deleted = delete.key("pk", receipt).send().await;
    deleted.expect("DynamoDB answers");
    let again = event_of(key, "test.effect", Timestamp::now(), b"{}");
    record(&workshop.ledger, &again).await;
    workshop
        .finish(&record_of("again", &envelope(&again)))
        .await;
    let state = workshop.state(key).await;
    assert_eq!((state.status, state.redeliveries), (Status::Done, 1));
    assert_eq!((workshop.runs(key), workshop.effects(key).await), (1, 1));
    // A late copy of the first message is of a delivery before that.
    workshop.finish(&record_of("late", &envelope(&first))).await;
    assert_eq!(workshop.runs(key), 1);
}
