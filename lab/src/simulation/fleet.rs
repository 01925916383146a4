//! The functions, and what AWS does around them: invocations that end in the middle, an event source of
//! the queue, one of the stream, a schedule.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use futures::future::{Either, select};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use webhooks::envelope::Message;
use webhooks::limits;
use webhooks::process::Processor;
use webhooks::receive::Receiver;
use webhooks::relay::{Invocation, Relay};
use webhooks::timestamp::Timestamp;

use super::dynamodb::{LEDGER, number};
use super::handlers::Shared;
use super::network::Network;
use super::sqs::Received;

/// Processors at work at a time.
const PROCESSORS: usize = 3;

/// Invocations in a thousand that end in the middle.
const KILLED: u32 = 60;

/// Invocations that are to end, by the events that they are at.
#[derive(Clone, Debug, Default)]
pub(super) struct Deaths(Arc<Mutex<BTreeMap<String, Vec<Arc<Notify>>>>>);

impl Deaths {
    fn expect(&self, events: &[String], death: &Arc<Notify>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            all.entry(event.clone())
                .or_default()
                .push(Arc::clone(death));
        }
    }

    fn forget(&self, death: &Arc<Notify>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for deaths in all.values_mut() {
            deaths.retain(|other| !Arc::ptr_eq(other, death));
        }
        all.retain(|_, deaths| !deaths.is_empty());
    }

    /// Ends every invocation that is at the event.
    pub(super) fn die(&self, event: &str) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for death in all.get(event).into_iter().flatten() {
            death.notify_one();
        }
    }
}

/// The functions.
pub(super) struct Fleet {
    pub(super) network: Network,
    pub(super) receivers: BTreeMap<&'static str, Receiver>,
    pub(super) processor: Arc<Processor<Shared>>,
    pub(super) relay: Relay,
    pub(super) deaths: Deaths,
    /// The number of the stream's records that were looked at.
    pub(super) looked: Mutex<usize>,
}

impl Fleet {
    /// Runs an invocation until it ends, or its time is over, or it dies.
    pub(super) async fn invoke<T>(
        &self,
        limit: Duration,
        death: &Notify,
        invocation: impl Future<Output = T>,
    ) -> Option<T> {
        let dies_after = {
            let mut cloud = self.network.cloud();
            let calm = cloud.broken == 0;
            let dies = !calm && cloud.random.u32(0..1000) < KILLED;
            let after = cloud.random.u64(0..400);
            dies.then(|| Duration::from_millis(after))
        };
        let end = async {
            match dies_after {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let ended = select(
            Box::pin(death.notified()),
            Box::pin(self.network.death.notified()),
        );
        let ended = select(Box::pin(end), ended);
        let invocation = Box::pin(timeout(limit, invocation));
        match select(invocation, ended).await {
            Either::Left((returned, _)) => returned.ok(),
            Either::Right(_) => None,
        }
    }

    /// Takes messages to the processor for ever.
    pub(super) async fn feed(self: Arc<Self>) {
        let free = Arc::new(tokio::sync::Semaphore::new(PROCESSORS));
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else {
                return;
            };
            let now = self.network.now();
            let hidden = u64::try_from(limits::VISIBILITY.as_millis()).unwrap_or(u64::MAX);
            let received = self.network.cloud().sqs.receive(now, hidden);
            if received.is_empty() {
                drop(permit);
                let next = self.network.cloud().sqs.next_visible();
                let wait = next.map_or(1000, |next| next.saturating_sub(now).clamp(20, 1000));
                sleep(Duration::from_millis(wait)).await;
                continue;
            }
            let fleet = Arc::clone(&self);
            tokio::spawn(async move {
                fleet.process(&received).await;
                drop(permit);
            });
        }
    }

    async fn process(&self, received: &[Received]) {
        let death = Arc::new(Notify::new());
        let keys = received
            .iter()
            .filter_map(|message| Message::read(&message.body).ok());
        let keys: Vec<String> = keys.map(|message| message.key.to_string()).collect();
        self.deaths.expect(&keys, &death);
        let records = received.iter().map(|message| {
            json!({
                "messageId": message.id.to_string(),
                "receiptHandle": message.id.to_string(),
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": message.received.to_string()},
            })
        });
        let batch = json!({"Records": records.collect::<Vec<_>>()});
        let batch = serde_json::from_value(batch).expect("a batch");
        let invocation = self.processor.process(batch);
        let response = self
            .invoke(limits::PROCESSOR_TIMEOUT, &death, invocation)
            .await;
        self.deaths.forget(&death);
        let Some(Ok(response)) = response else {
            return;
        };
        let again = response.batch_item_failures;
        let mut cloud = self.network.cloud();
        for message in received {
            let id = message.id.to_string();
            if !again.iter().any(|failure| failure.item_identifier == id) {
                cloud.sqs.delete(message.id);
            }
        }
    }

    /// Runs the relay once a minute for ever. A run that would find nothing is left out.
    pub(super) async fn schedule(self: Arc<Self>) {
        loop {
            sleep(Duration::from_secs(60)).await;
            let now = Timestamp::now();
            let overdue = {
                let cloud = self.network.cloud();
                cloud.dynamodb.items(LEDGER).any(|item| {
                    let open = item.get("overdue").and_then(|half| half.as_s().ok());
                    open.is_some_and(|half| half.starts_with("open"))
                        && number(item, "overdue_at") <= now.millis()
                })
            };
            if overdue {
                let death = Notify::new();
                let run = self.relay.run(now);
                self.invoke(limits::RELAY_TIMEOUT, &death, run).await;
            }
        }
    }

    /// Tells the relay for ever what was inserted. A batch that fails comes again.
    pub(super) async fn follow(self: Arc<Self>) {
        loop {
            sleep(Duration::from_secs(60)).await;
            let (records, end) = {
                let cloud = self.network.cloud();
                let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
                let stream = &cloud.dynamodb.stream;
                (stream[looked..].to_vec(), stream.len())
            };
            if records.is_empty() {
                continue;
            }
            let records = records.iter().map(|(key, seconds)| {
                json!({
                    "eventName": "INSERT",
                    "dynamodb": {
                        "ApproximateCreationDateTime": seconds.floor(),
                        "Keys": {"pk": {"S": key}},
                    },
                })
            });
            let batch = json!({"Records": records.collect::<Vec<_>>()});
            let batch: Invocation = serde_json::from_value(batch).expect("a stream's records");
            let receipts = batch.receipts().expect("it is the stream");
            let death = Notify::new();
            let look = self.relay.look(receipts, Timestamp::now());
            if let Some(Ok(_)) = self.invoke(limits::RELAY_TIMEOUT, &death, look).await {
                *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = end;
            }
        }
    }
}

/// Worlds so far.
static WORLDS: AtomicU64 = AtomicU64::new(0);

/// The SDK's configuration of the functions, over this network. Each world has a region of its own: no
/// world is to feel what another one has spent on retries.
pub(super) fn config(network: &Network) -> SdkConfig {
    let world = WORLDS.fetch_add(1, Ordering::Relaxed);
    webhooks::aws::over(network.clone(), format!("world-{world}"))
}
