//! A ledger and a queue of one test, and the relay between them.

use std::time::Duration;

use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, OVERDUE_SHARDS};
use webhooks::limits;
use webhooks::queue::Queue;
use webhooks::relay::{Relay, Relayed};
use webhooks::settings::RelaySettings;

use crate::support::World;
use crate::support::own_queue::OwnQueue;
use crate::support::sample::{
    at, event, event_of, fresh_key, keys_in_one_shard, missed, missed_at, record,
};

/// Seconds after which an event of the moment 0 should have ended.
pub(crate) const OVERDUE: i64 = limits::GRACE.as_secs() as i64;

/// The time for which the relay keeps a receipt.
pub(crate) const RETENTION: Duration = Duration::from_secs(30 * 86_400);

pub(crate) struct Scene {
    /// The emulator runs as long as this is held.
    pub(crate) world: World,
    pub(crate) table: String,
    pub(crate) ledger: Ledger,
    pub(crate) queue: OwnQueue,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let world = World::enter().await;
        let (table, queue) = (world.own_table().await, world.own_queue().await);
        let ledger = Ledger::new(world.dynamodb(), &table);
        Self {
            world,
            table,
            ledger,
            queue,
        }
    }

    pub(crate) fn relay(&self) -> Relay {
        relay(self.ledger.clone(), self.queue.queue())
    }

    /// An event that was recorded at the beginning, was never sent, and was missed a moment later.
    pub(crate) async fn recorded(&self) -> EventKey {
        let key = fresh_key();
        record(&self.ledger, &event(&key)).await;
        missed(&self.ledger, &key).await;
        key
    }

    /// So many of them.
    pub(crate) async fn recorded_many(&self, count: usize) -> Vec<EventKey> {
        let mut keys = Vec::new();
        for _ in 0..count {
            keys.push(self.recorded().await);
        }
        keys
    }

    /// So many of them in one shard of the index, the most overdue first.
    pub(crate) async fn recorded_in_one_shard(&self, count: usize) -> Vec<EventKey> {
        let keys = keys_in_one_shard(OVERDUE_SHARDS, "default", count);
        for (key, earlier) in keys.iter().rev().zip(0..) {
            let event = event_of(key, "github.push", at(-earlier), b"{}");
            record(&self.ledger, &event).await;
            missed_at(&self.ledger, key, at(-earlier)).await;
        }
        keys
    }

    /// The keys of the messages that arrived.
    pub(crate) async fn sent(&self) -> Vec<EventKey> {
        let bodies = self.queue.bodies().await.into_iter();
        bodies
            .map(|body| Message::read(&body).expect("an envelope").key)
            .collect()
    }
}

pub(crate) fn relay(ledger: Ledger, queue: Queue) -> Relay {
    let any = "any".to_owned();
    let settings = RelaySettings {
        stack: any.clone(),
        table: any.clone(),
        queue_url: any,
        retention: RETENTION,
    };
    Relay {
        settings,
        ledger,
        queue,
    }
}

/// What a run has sent, left in the queue, and failed with.
pub(crate) const fn counts(relayed: Relayed) -> (u32, u32, u32) {
    (relayed.sent, relayed.left, relayed.failed)
}
