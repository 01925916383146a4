//! What becomes of a delivery when DynamoDB, SQS or both are down.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use webhooks::envelope::{Message, envelope};
use webhooks::ledger::{Ledger, Status};
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::provider::table::GITHUB;
use webhooks::router::{Context, Outcome, Router};
use webhooks::settings::ProcessorSettings;
use webhooks::timestamp::Timestamp;

use crate::endpoint::{Endpoint, answer, deliver, delivery, http, key, line};
use crate::support::broken::{Closed, Lossy};
use crate::support::effect::{add_one, count};
use crate::support::own_queue::record;
use crate::support::sample::{START, end, event_of, failed, item, missed};

/// What arrived in the queue, once through a processor that adds one to the event's own row.
pub(crate) async fn process(endpoint: &Endpoint) -> Value {
    let payments = Arc::new(endpoint.world.payments().to_owned());
    let handler = |context: Context<String>, _| async move {
        Outcome::Done(add_one(&context.state, &context.idempotency_key).into())
    };
    let processor = Arc::new(Processor {
        settings: ProcessorSettings {
            stack: "stack".to_owned(),
            table: endpoint.world.table().to_owned(),
            queue_url: endpoint.queue.url.clone(),
            bucket: endpoint.world.bucket_name().to_owned(),
            retention: Duration::from_secs(30 * 86_400),
            max_attempts: 8,
        },
        ledger: endpoint.world.ledger(),
        bucket: endpoint.world.bucket(),
        queue: endpoint.queue.queue(),
        pauses: KnownPauses::default(),
        router: Router::new().otherwise(handler),
        state: payments,
    });
    let messages = endpoint.queue.receive(0).await;
    assert_eq!(messages.len(), 1);
    let records: Vec<Value> = messages.iter().map(record).collect();
    let batch = serde_json::from_value(json!({"Records": records})).expect("a batch");
    json!(
        processor
            .process(batch)
            .await
            .expect("every record has an id")
    )
}

#[tokio::test]
async fn answers_503_when_nothing_durable_is_left() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let receiver = endpoint.receiver_at(
        GITHUB,
        &closed.config(),
        &closed.config(),
        endpoint.world.config(),
    );
    let fixture = delivery(GITHUB, "push");
    let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
    let response = http(GITHUB, &receipt);
    assert_eq!(response["statusCode"], 503);
    assert_eq!(response["headers"]["retry-after"], "30");
    assert_eq!(response["body"], Value::Null);
    assert_eq!(line(&receipt)["reason"], "nothing_durable");
    assert_eq!(line(&receipt)["Unavailable"], 1);
    let found = endpoint.world.ledger().find(&key(&fixture)).await;
    assert_eq!(found.expect("DynamoDB answers"), None);
    assert_eq!(endpoint.queue.bodies().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_queue_carries_the_whole_event_when_dynamodb_is_down() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    let (fixture, now) = (delivery(GITHUB, "push-form"), Timestamp::now());
    assert_eq!(answer(&receiver, &fixture, now).await, (202, "accepted"));
    let (ledger, key) = (endpoint.world.ledger(), key(&fixture));
    assert_eq!(ledger.find(&key).await.expect("DynamoDB answers"), None);

    assert_eq!(process(&endpoint).await, json!({"batchItemFailures": []}));
    let item = item(&ledger, &key).await;
    assert_eq!(
        (item.state.status, item.receipt.event.received_at()),
        (Status::Done, now)
    );
    assert_eq!(item.receipt.event.kind(), "github.push");
    assert!(
        item.receipt.event.payload().bytes == fixture.delivery.body,
        "not the exact bytes"
    );
    assert_eq!(
        item.receipt.event.payload().media_type,
        "application/x-www-form-urlencoded"
    );
    assert_eq!(count(&endpoint.world, &key.to_string()).await, 1);
}

#[tokio::test]
async fn the_queue_carries_the_largest_event_that_an_item_can_hold() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    let mut fixture = delivery(GITHUB, "push");
    let text = "a".repeat(limits::BODY - 100);
    fixture.delivery.body = json!({"text": text}).to_string().into_bytes();
    crate::endpoint::sign(&mut fixture, GITHUB, crate::endpoint::SECRET, START);
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    let messages = endpoint.queue.bodies().await;
    let message = Message::read(&messages[0]).expect("an envelope");
    let event = message.whole.expect("the whole event");
    assert!(
        event.payload().bytes == fixture.delivery.body,
        "not the exact bytes"
    );
}

#[tokio::test]
async fn an_event_that_is_in_both_is_processed_once() {
    let endpoint = Endpoint::open().await;
    let (dynamodb, config) = (
        Lossy::before(&endpoint.world.endpoint()).await,
        endpoint.world.config(),
    );
    let receiver = endpoint.receiver_at(GITHUB, &dynamodb.config(), config, config);
    let fixture = delivery(GITHUB, "push");
    // DynamoDB does everything and is never heard.
    dynamodb.lose(u32::MAX);
    let now = Timestamp::now();
    assert_eq!(answer(&receiver, &fixture, now).await, (202, "accepted"));
    let (ledger, key) = (endpoint.world.ledger(), key(&fixture));
    assert_eq!(item(&ledger, &key).await.state.status, Status::Received);
    assert_eq!(process(&endpoint).await, json!({"batchItemFailures": []}));
    assert_eq!(count(&endpoint.world, &key.to_string()).await, 1);
    let item = item(&ledger, &key).await;
    assert_eq!((item.state.status, item.state.attempts), (Status::Done, 1));
}

#[tokio::test]
async fn a_redelivery_of_a_failed_event_runs_it_again_though_dynamodb_was_down() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let (ledger, config) = (endpoint.world.ledger(), endpoint.world.config());
    let up = endpoint.receiver(GITHUB);
    let down = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    let fixture = delivery(GITHUB, "push");
    let key = key(&fixture);
    let start = Timestamp::from_seconds(Timestamp::now().seconds() - 60);
    let at = |seconds| start.after(Duration::from_secs(seconds));
    assert_eq!(answer(&up, &fixture, start).await, (202, "accepted"));
    endpoint.queue.bodies().await;
    // Received before the failure, and processed after it: no redelivery of a failed event.
    assert_eq!(answer(&down, &fixture, at(1)).await, (202, "accepted"));
    end(&ledger, &key, failed("no"), at(10)).await;
    process(&endpoint).await;
    assert_eq!(item(&ledger, &key).await.state.status, Status::Failed);
    // Nor is a second copy of the message that a recorded event was handed over with.
    let recorded = item(&ledger, &key).await.receipt.event;
    let copy = envelope(&event_of(
        &key,
        "github.push",
        at(10),
        &recorded.payload().bytes,
    ));
    let sent = endpoint.queue.queue().send(copy, None).await;
    sent.expect("SQS takes it");
    process(&endpoint).await;
    assert_eq!(item(&ledger, &key).await.state.status, Status::Failed);

    assert_eq!(answer(&down, &fixture, at(11)).await, (202, "accepted"));
    process(&endpoint).await;
    let item = item(&ledger, &key).await;
    assert_eq!(
        (item.state.status, item.state.redeliveries),
        (Status::Done, 1)
    );
    assert_eq!(count(&endpoint.world, &key.to_string()).await, 1);
}

#[tokio::test]
async fn the_ledger_keeps_for_the_relay_what_sqs_did_not_take() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, config, &closed.config(), config);
    let fixture = delivery(GITHUB, "push");
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    let (ledger, key): (Ledger, _) = (endpoint.world.ledger(), key(&fixture));
    let kept = item(&ledger, &key).await;
    assert_eq!(kept.state.status, Status::Received);
    assert!(
        kept.receipt.event.payload().bytes == fixture.delivery.body,
        "not the exact bytes"
    );
    missed(&ledger, &key).await;
    let state = item(&ledger, &key).await.state;
    assert_eq!(state.overdue_at, Some(START.after(limits::GRACE)));
}
