//! When a message comes again from the real queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use webhooks::envelope::envelope;
use webhooks::ledger::{Ledger, Status};
use webhooks::process::Processor;
use webhooks::router::{Outcome, Router};

use crate::support::broken::Closed;
use crate::support::own_queue::record;
use crate::support::sample::item;
use crate::workshop::Workshop;

/// The longest that a message may take to come again, in seconds. Without a pause of its own it
/// would take the queue's visibility timeout of six minutes.
const TIME_LIMIT: i32 = 15;

#[tokio::test]
async fn a_retried_message_comes_again_after_the_handlers_pause() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("soon");
    crate::support::sample::record(&workshop.ledger, &event).await;
    workshop
        .queue
        .queue()
        .send(envelope(&event), None)
        .await
        .expect("SQS takes it");
    let messages = workshop.queue.receive(TIME_LIMIT).await;
    let again = workshop.process(&[record(&messages[0])]).await;
    assert_eq!(again, [messages[0].message_id().expect("an id")]);
    let processed = Instant::now();
    let back = workshop.queue.receive(TIME_LIMIT).await;
    assert_eq!(back[0].message_id(), messages[0].message_id());
    assert!(processed.elapsed() > Duration::from_millis(500));
    assert_eq!(
        item(&workshop.ledger, event.key()).await.status,
        Status::Received
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_soon_in_the_dead_letter_queue() {
    let workshop = Workshop::open().await;
    let dead_letters = workshop.world.own_queue().await;
    workshop.queue.give_up_after_one(&dead_letters).await;
    workshop
        .queue
        .queue()
        .send("not JSON".to_owned(), None)
        .await
        .expect("SQS takes it");
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
    assert_eq!(dead, ["not JSON"]);
}

#[tokio::test]
async fn a_message_stays_hidden_when_the_ledger_is_down() {
    let (workshop, closed) = (Workshop::open().await, Closed::new());
    let processor = Arc::new(Processor {
        settings: workshop.processor.settings.clone(),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any"),
        bucket: workshop.world.bucket(),
        queue: workshop.queue.queue(),
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
    assert_eq!(workshop.queue.in_flight().await, "1");
}
