//! Events that wait for their next attempt: what its message does, and what others do.

use std::sync::Arc;

use serde_json::Value;
use webhooks::envelope::envelope;
use webhooks::ledger::Status;
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::queue::Queue;
use webhooks::router::{Outcome, Router};

use crate::support::broken::Closed;
use crate::support::own_queue::record;
use crate::support::sample::{item, record as record_event};
use crate::workshop::{Workshop, received_times, record_of};

#[tokio::test]
async fn eight_copies_of_a_message_make_no_attempt_before_it_is_due() {
    let workshop = Workshop::open().await;
    for kind in ["quarter", "half-day"] {
        let (key, message) = workshop.received(kind).await;
        workshop.finish(&message).await;
        let before = item(&workshop.ledger, &key).await;
        let delayed = workshop.queue.delayed().await;
        let copy = |number: u32| {
            let mut copy = received_times(&message, 1 + number % 3);
            copy["messageId"] = format!("copy {number}").into();
            copy
        };
        let copies: Vec<Value> = (0..8).map(copy).collect();
        assert_eq!(workshop.process(&copies).await, Vec::<String>::new());
        assert_eq!(workshop.runs(&key), 1);
        assert_eq!(item(&workshop.ledger, &key).await, before);
        assert_eq!(before.state.status, Status::Waiting);
        // Nor do they bring more messages.
        assert_eq!(workshop.queue.delayed().await, delayed);
    }
}

#[tokio::test]
async fn the_message_for_the_next_attempt_is_delayed_and_not_in_flight() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("quarter");
    record_event(&workshop.ledger, &event).await;
    let sent = workshop.queue.queue().send(envelope(&event), None).await;
    sent.expect("SQS takes it");
    let messages = workshop.queue.receive(5).await;
    workshop.finish(&record(&messages[0])).await;
    workshop.queue.delete(&messages[0]).await;
    assert_eq!(workshop.queue.delayed().await, 1);
    assert_eq!(workshop.queue.in_flight().await, 0);
    assert_eq!(workshop.queue.bodies().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pause_longer_than_a_message_can_be_delayed_is_the_relays() {
    let workshop = Workshop::open().await;
    let (key, message) = workshop.received("half-day").await;
    workshop.finish(&message).await;
    assert_eq!(workshop.queue.delayed().await, 0);
    assert_eq!(workshop.queue.bodies().await, Vec::<String>::new());
    let waiting = workshop.state(&key).await;
    assert_eq!(waiting.status, Status::Waiting);
    assert_eq!(waiting.overdue_at, waiting.due_at);
}

#[tokio::test]
async fn an_event_whose_next_message_is_not_sent_is_left_to_the_relay() {
    let (workshop, closed) = (Workshop::open().await, Closed::new());
    let processor = Arc::new(Processor {
        settings: workshop.processor.settings.clone(),
        ledger: workshop.ledger.clone(),
        bucket: workshop.world.bucket(),
        queue: Queue::new(aws_sdk_sqs::Client::new(&closed.config()), "any"),
        pauses: KnownPauses::default(),
        router: Router::new().otherwise(|_, _| async { Outcome::retry("busy") }),
        state: Arc::new(()),
    });
    let (key, message) = workshop.received("retry").await;
    let batch = serde_json::json!({"Records": [message]});
    let batch = serde_json::from_value(batch).expect("a batch");
    let response = processor.process(batch).await;
    let failures = response.expect("an id").batch_item_failures;
    assert_eq!(failures, []);
    let waiting = workshop.state(&key).await;
    let due_at = waiting.due_at.expect("it waits");
    assert_eq!(waiting.status, Status::Waiting);
    assert_eq!(waiting.overdue_at, Some(due_at.after(limits::GRACE)));
}

#[tokio::test]
async fn a_message_of_an_event_that_is_due_makes_the_next_attempt() {
    let workshop = Workshop::open().await;
    for times in [1, 4] {
        let (key, message) = workshop.received("retry").await;
        workshop.finish(&message).await;
        workshop.make_due(&key).await;
        workshop.finish(&received_times(&message, times)).await;
        let waiting = workshop.state(&key).await;
        assert_eq!((waiting.status, waiting.attempts), (Status::Waiting, 2));
        assert_eq!(workshop.runs(&key), 2);
    }
}

#[tokio::test]
async fn an_attempt_sends_the_same_message_again() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("soon");
    record_event(&workshop.ledger, &event).await;
    let body = envelope(&event);
    workshop.finish(&record_of("one", &body)).await;
    let messages = workshop.queue.receive(15).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].body(), Some(body.as_str()));
}
