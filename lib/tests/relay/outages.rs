//! The relay while DynamoDB or SQS does not answer, or an item cannot be read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use webhooks::ledger::{Ledger, OVERDUE_SHARDS, Turn};
use webhooks::queue::Queue;
use webhooks::relay::Relay;

use crate::scene::{OVERDUE, Scene, counts, relay};
use crate::support::broken::Closed;
use crate::support::sample::{START, at, fresh_key, item};

/// A relay whose queue does not answer.
fn without_queue(scene: &Scene, closed: &Closed) -> Relay {
    let dead = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), &scene.queue.url);
    relay(scene.ledger.clone(), dead)
}

#[tokio::test]
async fn reports_every_shard_that_it_cannot_read_and_the_queue() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    let ledger = || Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let shards = u32::from(OVERDUE_SHARDS);
    let alone = relay(ledger(), scene.queue.queue());
    assert_eq!(counts(alone.run(START).await), (0, 0, shards));
    let queue = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), "any");
    let both = relay(ledger(), queue);
    assert_eq!(counts(both.run(START).await), (0, 0, shards + 1));
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_reported_and_sent_by_the_next_run() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    let keys = BTreeSet::from([scene.recorded().await, scene.recorded().await]);
    let outage = without_queue(&scene, &closed);
    // However long the queue is down, nothing waits longer for it afterwards.
    for run in 0..5 {
        let now = at(OVERDUE + 60 * run);
        let relayed = outage.run(now).await;
        assert_eq!(counts(relayed), (0, 0, 3));
        assert_eq!(relayed.oldest, START.age(now));
    }
    assert_eq!(scene.sent().await, []);
    let relayed = scene.relay().run(at(OVERDUE + 300)).await;
    assert_eq!(counts(relayed), (2, 0, 0));
    assert_eq!(BTreeSet::from_iter(scene.sent().await), keys);
    for key in &keys {
        assert_eq!(item(&scene.ledger, key).await.state.resends, 1);
    }
}

#[tokio::test]
async fn a_queue_that_takes_nothing_is_not_asked_for_every_event() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    scene.recorded_in_one_shard(5).await;
    let outage = without_queue(&scene, &closed);
    // Its depth, and three messages.
    assert_eq!(counts(outage.run(at(OVERDUE)).await), (0, 0, 4));
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (5, 0, 0));
}

#[tokio::test]
async fn an_event_that_was_moved_on_and_not_sent_is_found_again_later() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    let seen =
        join_all((0..OVERDUE_SHARDS).map(|shard| scene.ledger.overdue(shard, at(OVERDUE), 1)));
    let seen = seen
        .await
        .into_iter()
        .flat_map(|shard| shard.expect("DynamoDB answers"))
        .next();
    // A relay that ended between the two.
    let moved = scene
        .ledger
        .postpone(&seen.expect("it is overdue"), true, at(OVERDUE))
        .await;
    moved
        .expect("DynamoDB answers")
        .expect("nobody else moved it");
    let early = scene.relay().run(at(3 * OVERDUE - 1)).await;
    assert_eq!(counts(early), (0, 0, 0));
    let relayed = scene.relay().run(at(3 * OVERDUE)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
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
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (1, 0, 1));
    assert_eq!(scene.sent().await, keys[1..]);
}

#[tokio::test]
async fn a_state_without_a_receipt_is_reported_and_sends_nothing() {
    let scene = Scene::set().await;
    let (ledger, key) = (&scene.ledger, fresh_key());
    let claimed = ledger.claim(&key, Turn::Together, at(0)).await;
    claimed.expect("DynamoDB answers");
    let found = ledger.look(std::slice::from_ref(&key)).await;
    let found = found.expect("DynamoDB answers");
    let listed = ledger.list_as_overdue(&key, found[0].1, START, at(5));
    assert!(listed.await.expect("DynamoDB answers"));
    let relayed = scene.relay().run(at(1000)).await;
    assert_eq!(counts(relayed), (0, 0, 1));
    assert_eq!(scene.sent().await, []);
}
