//! A processor with a handler for everything that a handler can do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde_json::{Value, json};
use webhooks::envelope::envelope;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Ledger, State};
use webhooks::process::{KnownPauses, Processor};
use webhooks::router::{Context, Outcome, Router};
use webhooks::settings::ProcessorSettings;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::effect::{add_one, count, demand};
use crate::support::own_queue::OwnQueue;
use crate::support::sample::{event_of, fresh_key, item, record};

/// Attempts before an event is failed.
pub(crate) const MAX_ATTEMPTS: u32 = 3;

/// The time for which a slow handler blocks its thread.
pub(crate) const SLOW: Duration = Duration::from_secs(3);

pub(crate) struct Workshop {
    pub(crate) world: World,
    pub(crate) queue: OwnQueue,
    pub(crate) ledger: Ledger,
    pub(crate) processor: Arc<Processor<Bench>>,
}

/// What all handlers share.
#[derive(Debug)]
pub(crate) struct Bench {
    /// The table for their effects.
    payments: String,
    /// The events with which a handler has begun, in that order.
    begun: Mutex<Vec<String>>,
    /// What a handler waits for that blocks its thread.
    pub(crate) gate: Mutex<()>,
}

type Answer = fn(&Context<Bench>) -> Outcome;

/// The answers of the handlers, by the last word of the type.
const ANSWERS: [(&str, Answer); 14] = [
    ("done", |_| Outcome::done()),
    ("effect", |context| committing(vec![effect(context)])),
    ("refused", |context| {
        let refused = demand(&context.state.payments, "no such row");
        committing(vec![effect(context), refused])
    }),
    ("no-table", |context| {
        let row = &context.idempotency_key;
        committing(vec![effect(context), add_one("no-such-table", row)])
    }),
    ("too-much", |context| {
        let rows = (0..100).map(|row| format!("{}-{row}", context.idempotency_key));
        committing(
            rows.map(|row| add_one(&context.state.payments, &row))
                .collect(),
        )
    }),
    ("ignored", |_| Outcome::Ignored),
    ("retry", |_| Outcome::retry("busy")),
    ("soon", |_| again(Duration::from_secs(2))),
    ("quarter", |_| again(Duration::from_secs(900))),
    ("half-day", |_| again(Duration::from_secs(43_200))),
    ("failed", |_| Outcome::failed("no such customer")),
    ("panic", |_| panic!("canary-in-the-panic")),
    ("slow", |_| {
        std::thread::sleep(SLOW);
        Outcome::done()
    }),
    ("blocks", |context| {
        let _open = context.state.gate.lock();
        Outcome::done()
    }),
];

fn effect(context: &Context<Bench>) -> TransactWriteItem {
    add_one(&context.state.payments, &context.idempotency_key)
}

/// The way in which the handbook tells handlers to end with writes.
fn committing(writes: Vec<TransactWriteItem>) -> Outcome {
    Outcome::committing(writes).unwrap_or_else(|error| Outcome::failed(error.to_string()))
}

fn again(pause: Duration) -> Outcome {
    Outcome::Retry {
        reason: "busy".to_owned(),
        pause: Some(pause),
    }
}

fn router() -> Router<Bench> {
    let none =
        Router::new().otherwise(|_, _| async { Outcome::failed("no handler for this type") });
    ANSWERS.into_iter().fold(none, |router, (kind, answer)| {
        router.on(&format!("test.{kind}"), move |context, _| async move {
            let key = context.idempotency_key.clone();
            context.state.begun.lock().expect("no panic").push(key);
            answer(&context)
        })
    })
}

impl Workshop {
    pub(crate) async fn open() -> Self {
        let world = World::enter().await;
        let (queue, ledger) = (world.own_queue().await, world.ledger());
        let processor = Arc::new(Processor {
            settings: ProcessorSettings {
                stack: "stack".to_owned(),
                table: world.table().to_owned(),
                queue_url: queue.url.clone(),
                bucket: world.bucket_name().to_owned(),
                retention: Duration::from_secs(30 * 86_400),
                max_attempts: MAX_ATTEMPTS,
            },
            ledger: ledger.clone(),
            bucket: world.bucket(),
            queue: queue.queue(),
            pauses: KnownPauses::default(),
            router: router(),
            state: Arc::new(Bench {
                payments: world.payments().to_owned(),
                begun: Mutex::default(),
                gate: Mutex::default(),
            }),
        });
        Self {
            world,
            queue,
            ledger,
            processor,
        }
    }

    /// An event of that type as a receiver leaves it: recorded, and on its way as a message.
    pub(crate) async fn received(&self, kind: &str) -> (EventKey, Value) {
        let event = self.unrecorded(kind);
        record(&self.ledger, &event).await;
        let key = event.key().clone();
        let record = record_of(&key.id, &envelope(&event));
        (key, record)
    }

    /// An event that the ledger has not heard of.
    pub(crate) fn unrecorded(&self, kind: &str) -> Event<'static> {
        self.unrecorded_at(kind, Timestamp::now())
    }

    pub(crate) fn unrecorded_at(&self, kind: &str, received_at: Timestamp) -> Event<'static> {
        let key = EventKey {
            provider: "test".to_owned(),
            ..fresh_key()
        };
        event_of(&key, &format!("test.{kind}"), received_at, b"{}")
    }

    /// Message ids that have to come again.
    pub(crate) async fn process(&self, records: &[Value]) -> Vec<String> {
        let batch = serde_json::from_value(json!({"Records": records})).expect("a batch");
        let response = self.processor.process(batch).await;
        let failures = response
            .expect("every record has an id")
            .batch_item_failures;
        failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect()
    }

    /// Processes a record whose message is finished then.
    pub(crate) async fn finish(&self, record: &Value) {
        let again = self.process(std::slice::from_ref(record)).await;
        assert_eq!(again, Vec::<String>::new());
    }

    /// The state of an event that was recorded.
    pub(crate) async fn state(&self, key: &EventKey) -> State {
        item(&self.ledger, key).await.state
    }

    /// Ends the pause of an event that waits.
    pub(crate) async fn make_due(&self, key: &EventKey) {
        self.world.make_due(self.world.table(), key).await;
    }

    /// How often an event had its effect.
    pub(crate) async fn effects(&self, key: &EventKey) -> u32 {
        count(&self.world, &key.to_string()).await
    }

    /// How often a handler has begun with an event.
    pub(crate) fn runs(&self, key: &EventKey) -> u32 {
        let key = key.to_string();
        let runs = self.begun().into_iter().filter(|begun| *begun == key);
        u32::try_from(runs.count()).expect("a few")
    }

    /// The events with which a handler has begun, in that order.
    pub(crate) fn begun(&self) -> Vec<String> {
        self.processor.state.begun.lock().expect("no panic").clone()
    }
}

/// A record that no queue knows of, received for the first time.
pub(crate) fn record_of(message_id: &str, body: &str) -> Value {
    json!({"messageId": message_id, "body": body})
}

/// The same record received so many times.
pub(crate) fn received_times(record: &Value, times: u32) -> Value {
    let mut record = record.clone();
    record["attributes"] = json!({"ApproximateReceiveCount": times.to_string()});
    record
}
