//! When a message comes again from the real queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::Message;
use webhooks::envelope::{envelope, whole_envelope};
use webhooks::event::Event;
use webhooks::ledger::{Ledger, Status};
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::router::{Outcome, Router};
use webhooks::timestamp::Timestamp;

use crate::support::broken::Closed;
use crate::support::own_queue::record;
use crate::support::sample::{end, record as record_event, retry};
use crate::workshop::Workshop;

/// The longest that a message may take to come again, in seconds. Without a pause of its own it
/// would take the queue's visibility timeout of six minutes.
const TIME_LIMIT: i32 = 15;

/// A recorded event of that type, received by its message from the queue.
async fn received(workshop: &Workshop, kind: &str) -> (Event<'static>, Message) {
    let event = workshop.unrecorded(kind);
    record_event(&workshop.ledger, &event).await;
    let sent = workshop.queue.queue().send(envelope(&event), None).await;
    sent.expect("SQS takes it");
    let mut messages = workshop.queue.receive(TIME_LIMIT).await;
    (event, messages.pop().expect("a message"))
}

#[tokio::test]
async fn the_message_of_the_next_attempt_comes_after_the_handlers_pause() {
    let workshop = Workshop::open().await;
    let (event, message) = received(&workshop, "soon").await;
    workshop.finish(&record(&message)).await;
    workshop.queue.delete(&message).await;
    let processed = Instant::now();
    let next = workshop.queue.receive(TIME_LIMIT).await;
    assert!(processed.elapsed() > Duration::from_millis(1500));
    assert_ne!(next[0].message_id(), message.message_id());
    workshop.finish(&record(&next[0])).await;
    assert_eq!(workshop.runs(event.key()), 2);
    assert_eq!(workshop.state(event.key()).await.attempts, 2);
}

#[tokio::test]
async fn a_message_that_is_a_little_early_is_hidden_until_its_event_is_due() {
    let workshop = Workshop::open().await;
    let (event, message) = received(&workshop, "effect").await;
    let now = Timestamp::now();
    end(
        &workshop.ledger,
        event.key(),
        retry(limits::SKEW.as_secs()),
        now,
    )
    .await;
    let again = workshop.process(&[record(&message)]).await;
    assert_eq!(again, [message.message_id().expect("an id")]);
    assert_eq!(workshop.runs(event.key()), 0);
    let back = workshop.queue.receive(TIME_LIMIT).await;
    assert_eq!(back[0].message_id(), message.message_id());
    workshop.finish(&record(&back[0])).await;
    let done = workshop.state(event.key()).await;
    assert_eq!((done.status, done.attempts), (Status::Done, 2));
}

#[tokio::test]
async fn a_message_that_can_do_nothing_is_soon_in_the_dead_letter_queue() {
    let workshop = Workshop::open().await;
    let then = Timestamp::from_seconds(0);
    let too_old = workshop.unrecorded_at("effect", then);
    for body in ["not JSON".to_owned(), whole_envelope(&too_old)] {
        goes_to_the_dead_letters(body).await;
    }
}

async fn goes_to_the_dead_letters(body: String) {
    let workshop = Workshop::open().await;
    let dead_letters = workshop.world.own_queue().await;
    workshop.queue.give_up_after_one(&dead_letters).await;
    let sent = workshop.queue.queue().send(body.clone(), None).await;
    sent.expect("SQS takes it");
    let messages = workshop.queue.receive(TIME_LIMIT).await;
    workshop.process(&[record(&messages[0])]).await;
    let deadline = Instant::now() + Duration::from_secs(15);
    let mut dead = Vec::new();
    while dead.is_empty() && Instant::now() < deadline {
        assert_eq!(
            workshop.queue.receive(1).await.len(),
            0,
            "it has to go to the other queue"
        );
        dead = dead_letters.bodies().await;
    }
    assert_eq!(dead, [body]);
}

#[tokio::test]
async fn a_message_stays_hidden_when_the_ledger_is_down() {
    let (workshop, closed) = (Workshop::open().await, Closed::new());
    let processor = Arc::new(Processor {
        settings: workshop.processor.settings.clone(),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any"),
        bucket: workshop.world.bucket(),
        queue: workshop.queue.queue(),
        pauses: KnownPauses::default(),
        router: Router::new().otherwise(|_, _| async { Outcome::failed("it must not be called") }),
        state: Arc::new(()),
    });
    let event = workshop.unrecorded("effect");
    workshop
        .queue
        .queue()
        .send(envelope(&event), None)
        .await
        .expect("SQS takes it");
    let messages = workshop.queue.receive(TIME_LIMIT).await;
    let batch = serde_json::json!({"Records": [record(&messages[0])]});
    let batch = serde_json::from_value(batch).expect("a batch");
    let response = processor
        .process(batch)
        .await
        .expect("every record has an id");
    assert_eq!(response.batch_item_failures.len(), 1);
    assert_eq!(workshop.queue.bodies().await, Vec::<String>::new());
    assert_eq!(workshop.queue.in_flight().await, 1);
}
