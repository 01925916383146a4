//! Messages that are older than what the ledger keeps: they were in the dead-letter queue, and somebody
//! has moved them back.

use webhooks::envelope::{envelope, reference, whole_envelope};
use webhooks::event::Event;
use webhooks::ledger::Status;
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{event_of, record};
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
