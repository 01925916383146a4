//! More overdue events than a page in several shards.

use std::sync::{Arc, Mutex};

use lab::proxy::{Call, Fault, Proxy};
use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::ledger::{OVERDUE_SHARDS, shard};
use webhooks::queue::Queue;
use webhooks_cli::emulator;

use crate::scene::{OVERDUE, Scene, counts, relay};
use crate::support::sample::{START, at, event, keys_in_shard, missed_at, record};

/// Events that the relay reads at a time from one shard.
const PAGE: usize = 100;

/// A shard whose messages SQS takes at once, and one whose messages it takes slowly.
const QUICK: u8 = 3;
const SLOW: u8 = 4;

fn shard_of(key: &EventKey) -> u8 {
    shard(&key.to_string(), OVERDUE_SHARDS)
}

/// The order in which messages were sent, by the shards of their events.
type Order = Arc<Mutex<Vec<u8>>>;

/// A queue that notes whose messages it gets.
async fn noting(scene: &Scene) -> (Queue, Order, Proxy) {
    let order = Order::default();
    let noted = Arc::clone(&order);
    let note = move |call: &Call| {
        if call.operation != "SendMessage" {
            return None;
        }
        let request: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
        let body = request["MessageBody"].as_str().expect("a body");
        let shard = shard_of(&Message::read(body).expect("an envelope").key);
        noted.lock().expect("no panic").push(shard);
        (shard == SLOW).then_some(Fault::Slow(20))
    };
    let proxy = Proxy::start(scene.world.endpoint(), 1, Arc::new(note)).await;
    let proxy = proxy.expect("it listens");
    let client = aws_sdk_sqs::Client::new(&emulator::config(&proxy.url()));
    (Queue::new(client, &scene.queue.url), order, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_shard_gets_a_second_page_before_every_shard_has_had_its_first() {
    let scene = Scene::set().await;
    for shard in [QUICK, SLOW] {
        for key in keys_in_shard(shard, OVERDUE_SHARDS, "default", PAGE + 5) {
            record(&scene.ledger, &event(&key)).await;
            missed_at(&scene.ledger, &key, START).await;
        }
    }
    let (queue, order, _proxy) = noting(&scene).await;
    let relayed = relay(scene.ledger.clone(), queue).run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (210, 0, 0));
    let order = order.lock().expect("no panic").clone();
    let (first, second) = order.split_at(2 * PAGE);
    let slow = first.iter().filter(|shard| **shard == SLOW).count();
    assert_eq!(slow, PAGE, "each has a page of the first two");
    assert_eq!(second.len(), 10);
}
