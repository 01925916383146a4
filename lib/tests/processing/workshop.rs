//! A processor with a handler for everything that a handler can do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use webhooks::envelope::envelope;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::Ledger;
use webhooks::process::Processor;
use webhooks::router::{Context, Outcome, Router};
use webhooks::settings::ProcessorSettings;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::effect::{add_one, count, demand};
use crate::support::own_queue::OwnQueue;
use crate::support::sample::{event_of, fresh_key, record};

/// Attempts before an event is failed.
pub(crate) const MAX_ATTEMPTS: u32 = 3;

pub(crate) struct Workshop {
    pub(crate) world: World,
    pub(crate) queue: OwnQueue,
    pub(crate) ledger: Ledger,
    pub(crate) processor: Arc<Processor<String>>,
}

/// The state of all handlers is the name of the table for their effects.
fn router() -> Router<String> {
    let effect = |context: &Context<String>| add_one(&context.state, &context.idempotency_key);
    Router::new()
        .on("test.done", |_, _| async { Outcome::done() })
        .on("test.effect", move |context, _| {
            let effect = effect(&context);
            async { Outcome::Done(vec![effect]) }
        })
        .on("test.refused", move |context, _| {
            let refused = demand(&context.state, "no such row");
            let effect = effect(&context);
            async { Outcome::Done(vec![effect, refused]) }
        })
        .on("test.ignored", |_, _| async { Outcome::Ignored })
        .on("test.retry", |_, _| async { Outcome::retry("busy") })
        .on("test.soon", |_, _| async {
            let pause = Some(Duration::from_secs(1));
            Outcome::Retry {
                reason: "busy".to_owned(),
                pause,
            }
        })
        .on("test.failed", |_, _| async {
            Outcome::failed("no such customer")
        })
        .on("test.panic", |_, _| async { panic!("canary-in-the-panic") })
        .otherwise(|_, _| async { Outcome::failed("no handler for this type") })
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
            router: router(),
            state: Arc::new(world.payments().to_owned()),
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
        let key = EventKey {
            provider: "test".to_owned(),
            ..fresh_key()
        };
        event_of(&key, &format!("test.{kind}"), Timestamp::now(), b"{}")
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

    /// How often an event had its effect.
    pub(crate) async fn effects(&self, key: &EventKey) -> u32 {
        count(&self.world, &key.to_string()).await
    }
}

/// A record that no queue knows of.
pub(crate) fn record_of(message_id: &str, body: &str) -> Value {
    json!({"messageId": message_id, "body": body})
}
