//! The relay, against the emulator. Every test has a ledger of its own, because the relay looks
//! through all of it.

mod support;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use tokio::join;
use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settlement, Status, UNSETTLED_SHARDS};
use webhooks::limits;
use webhooks::queue::Queue;
use webhooks::relay::{Relay, Relayed};
use webhooks::settings::RelaySettings;

use support::World;
use support::broken::Closed;
use support::own_queue::OwnQueue;
use support::sample::{
    START, at, claim, end, event, event_of, failed, fresh_key, item, keys_in_one_shard, noise,
    record,
};

/// Seconds after which an event of the moment 0 should have ended.
const OVERDUE: i64 = limits::GRACE.as_secs() as i64;

const NOTHING: Relayed = Relayed { sent: 0, failed: 0 };

struct Scene {
    /// The emulator runs as long as this is held.
    world: World,
    table: String,
    ledger: Ledger,
    queue: OwnQueue,
}

impl Scene {
    async fn set() -> Self {
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

    fn relay(&self) -> Relay {
        relay(self.ledger.clone(), self.queue.queue())
    }

    /// An event that was recorded at the beginning and never sent.
    async fn recorded(&self) -> EventKey {
        let key = fresh_key();
        record(&self.ledger, &event(&key)).await;
        key
    }

    /// So many of them in one shard of the index, the most overdue first.
    async fn recorded_in_one_shard(&self, count: usize) -> Vec<EventKey> {
        let keys = keys_in_one_shard(UNSETTLED_SHARDS, "default", count);
        for (key, earlier) in keys.iter().rev().zip(0..) {
            let event = event_of(key, "github.push", at(-earlier), b"{}");
            record(&self.ledger, &event).await;
        }
        keys
    }

    /// The keys of the messages that arrived.
    async fn sent(&self) -> Vec<EventKey> {
        let bodies = self.queue.bodies().await.into_iter();
        bodies
            .map(|body| Message::read(&body).expect("an envelope").key)
            .collect()
    }
}

fn relay(ledger: Ledger, queue: Queue) -> Relay {
    let any = "any".to_owned();
    let settings = RelaySettings {
        stack: any.clone(),
        table: any.clone(),
        queue_url: any,
    };
    Relay {
        settings,
        ledger,
        queue,
    }
}

fn sent(sent: u32) -> Relayed {
    Relayed { sent, failed: 0 }
}

#[tokio::test]
async fn reports_every_shard_that_it_cannot_read() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let queue = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), "any");
    let relay = relay(ledger, queue);
    let expected = Relayed {
        sent: 0,
        failed: u32::from(UNSETTLED_SHARDS),
    };
    assert_eq!(relay.run(START).await, expected);
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_reported_and_sent_by_the_next_run() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    let keys = BTreeSet::from([scene.recorded().await, scene.recorded().await]);
    let dead = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), &scene.queue.url);
    let outage = relay(scene.ledger.clone(), dead);
    // However long the queue is down, nothing waits longer for it afterwards.
    for run in 0..5 {
        let now = at(OVERDUE + 60 * run);
        assert_eq!(outage.run(now).await, Relayed { sent: 0, failed: 2 });
    }
    assert_eq!(scene.sent().await, []);
    assert_eq!(scene.relay().run(at(OVERDUE + 300)).await, sent(2));
    assert_eq!(BTreeSet::from_iter(scene.sent().await), keys);
    for key in &keys {
        assert_eq!(item(&scene.ledger, key).await.resends, 1);
    }
}

#[tokio::test]
async fn a_queue_that_takes_nothing_is_not_asked_for_every_event() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    scene.recorded_in_one_shard(5).await;
    let dead = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), &scene.queue.url);
    let outage = relay(scene.ledger.clone(), dead);
    let expected = Relayed { sent: 0, failed: 3 };
    assert_eq!(outage.run(at(OVERDUE)).await, expected);
    assert_eq!(scene.relay().run(at(OVERDUE)).await, sent(5));
}

#[tokio::test]
async fn an_event_that_was_moved_on_and_not_sent_is_found_again_later() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    let seen =
        join_all((0..UNSETTLED_SHARDS).map(|shard| scene.ledger.overdue(shard, at(OVERDUE), 1)));
    let seen = seen
        .await
        .into_iter()
        .flat_map(|shard| shard.expect("DynamoDB answers"))
        .next();
    // A relay that ended between the two.
    let moved = scene
        .ledger
        .postpone(&seen.expect("it is overdue"), at(OVERDUE))
        .await;
    moved
        .expect("DynamoDB answers")
        .expect("nobody else moved it");
    assert_eq!(scene.relay().run(at(OVERDUE)).await, NOTHING);
    assert_eq!(scene.relay().run(at(3 * OVERDUE)).await, sent(1));
    assert_eq!(scene.sent().await, [key]);
}

#[tokio::test]
async fn an_item_that_cannot_be_read_does_not_hold_up_its_neighbour() {
    let scene = Scene::set().await;
    let keys = scene.recorded_in_one_shard(2).await;
    let dynamodb = scene.world.dynamodb();
    let update = dynamodb.update_item().table_name(&scene.table);
    let update = update.key("pk", AttributeValue::S(keys[0].to_string()));
    let update = update.update_expression("REMOVE digest");
    update.send().await.expect("DynamoDB answers");
    let expected = Relayed { sent: 1, failed: 1 };
    assert_eq!(scene.relay().run(at(OVERDUE)).await, expected);
    assert_eq!(scene.sent().await, keys[1..]);
}

#[tokio::test]
async fn what_has_ended_is_left_alone() {
    let scene = Scene::set().await;
    for settlement in [
        Settlement::Done(Vec::new()),
        Settlement::Ignored,
        failed("no"),
    ] {
        let key = scene.recorded().await;
        end(&scene.ledger, &key, settlement, at(1)).await;
    }
    assert_eq!(scene.relay().run(at(1_000_000)).await, NOTHING);
    assert_eq!(scene.sent().await, []);
}

#[tokio::test]
async fn an_event_that_waits_for_its_next_attempt_is_left_alone_until_then() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    let retry = Settlement::Retry {
        cause: "busy".to_owned(),
        pause: limits::RETRY_LONGEST,
    };
    end(&scene.ledger, &key, retry, at(1)).await;
    let due = 1 + limits::RETRY_LONGEST.as_secs() as i64 + OVERDUE;
    assert_eq!(scene.relay().run(at(due - 1)).await, NOTHING);
    assert_eq!(scene.relay().run(at(due)).await, sent(1));
    assert_eq!(scene.sent().await, [key]);
}

#[tokio::test]
async fn an_event_that_was_never_sent_is_sent_once_when_it_is_overdue_and_not_before() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    assert_eq!(scene.relay().run(at(OVERDUE - 1)).await, NOTHING);
    assert_eq!(scene.relay().run(at(OVERDUE)).await, sent(1));
    assert_eq!(scene.relay().run(at(OVERDUE)).await, NOTHING);
    assert_eq!(scene.sent().await, std::slice::from_ref(&key));
    let item = item(&scene.ledger, &key).await;
    assert_eq!((item.status, item.resends), (Status::Received, 1));
}

#[tokio::test]
async fn the_message_is_the_one_that_the_receiver_would_have_sent() {
    let scene = Scene::set().await;
    let small = event(&fresh_key());
    let large = event_of(
        &fresh_key(),
        "github.push",
        START,
        &noise(limits::MESSAGE_PAYLOAD),
    );
    for event in [&small, &large] {
        record(&scene.ledger, event).await;
    }
    scene.relay().run(at(OVERDUE)).await;
    let mut expected = [&small, &large].map(webhooks::envelope::envelope);
    let mut bodies = scene.queue.bodies().await;
    expected.sort();
    bodies.sort();
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_sent_again_for_the_next() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    claim(&scene.ledger, &key, at(1)).await;
    assert_eq!(scene.relay().run(at(100)).await, sent(1));
    let (_, item) = claim(&scene.ledger, &key, at(100)).await;
    assert_eq!(item.attempts, 2);
}

#[tokio::test]
async fn a_failed_event_that_starts_again_is_looked_after_again() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    end(&scene.ledger, &key, failed("no"), at(1)).await;
    assert!(
        scene
            .ledger
            .reopen(&key, "again", at(9999), at(1000))
            .await
            .expect("DynamoDB answers")
    );
    assert_eq!(scene.relay().run(at(1000 + OVERDUE - 1)).await, NOTHING);
    assert_eq!(scene.relay().run(at(1000 + OVERDUE)).await, sent(1));
    assert_eq!(scene.sent().await, [key]);
}

#[tokio::test]
async fn two_relays_at_once_send_every_event_once() {
    let scene = Scene::set().await;
    let mut keys = BTreeSet::new();
    for _ in 0..40 {
        keys.insert(scene.recorded().await);
    }
    let (one, other) = (scene.relay(), scene.relay());
    let (one, other) = join!(one.run(at(OVERDUE)), other.run(at(OVERDUE)));
    assert_eq!((one.sent + other.sent, one.failed + other.failed), (40, 0));
    let sent = scene.sent().await;
    assert_eq!(sent.len(), 40);
    assert_eq!(BTreeSet::from_iter(sent), keys);
}

#[tokio::test]
async fn sends_more_of_one_shard_than_a_page_has() {
    let scene = Scene::set().await;
    let keys = scene.recorded_in_one_shard(105).await;
    assert_eq!(scene.relay().run(at(OVERDUE)).await, sent(105));
    assert_eq!(
        BTreeSet::from_iter(scene.sent().await),
        BTreeSet::from_iter(keys)
    );
}
