//! Overdue events whose messages are in the queue, and such as have lost theirs.

use std::collections::BTreeSet;

use webhooks::envelope::envelope;
use webhooks::event::EventKey;
use webhooks::limits;

use crate::scene::{OVERDUE, Scene, counts};
use crate::support::sample::{at, event, fresh_key, item};

/// Overdue events that nobody processes.
const EVENTS: usize = 100;

impl Scene {
    /// Sends the message of an event, as a receiver does.
    async fn send(&self, key: &EventKey) {
        let sent = self.queue.queue().send(envelope(&event(key)), None).await;
        sent.expect("SQS takes it");
    }

    /// Sends the messages of so many events of which this ledger does not know.
    async fn send_others(&self, count: usize) {
        for _ in 0..count {
            self.send(&fresh_key()).await;
        }
    }
}

#[tokio::test]
async fn an_hour_of_a_processor_that_stands_still_adds_no_message_for_each_run() {
    let scene = Scene::set().await;
    let keys = scene.recorded_many(EVENTS).await;
    for key in &keys {
        scene.send(key).await;
    }
    let (mut sent, mut left) = (0, 0);
    for minute in 1..=60 {
        let relayed = scene.relay().run(at(60 * minute)).await;
        assert_eq!(relayed.failed, 0, "minute {minute}");
        sent += relayed.sent;
        left += relayed.left;
    }
    assert!(sent <= 100, "{sent}");
    // Each was found at least once, and moved on.
    assert!(left >= 100, "{left}");
    let waiting = scene.queue.waiting().await;
    assert_eq!(waiting, 100 + sent);
    for key in &keys {
        let resends = item(&scene.ledger, key).await.state.resends;
        assert!(resends <= 1, "{key}: {resends}");
    }
}

#[tokio::test]
async fn what_is_late_by_an_hour_is_sent_though_it_seems_to_be_in_the_queue() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    // One message, and it is of another event.
    scene.send_others(1).await;
    let patience = i64::try_from(limits::PATIENCE.as_secs()).expect("an hour");
    let early = scene.relay().run(at(patience - 1)).await;
    assert_eq!(counts(early), (0, 1, 0));
    let pause = limits::RESEND_PAUSE.as_secs() as i64;
    let relayed = scene.relay().run(at(patience - 1 + pause)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
    assert!(scene.sent().await.contains(&key));
}

#[tokio::test]
async fn lost_messages_beside_an_empty_queue_are_sent_at_once() {
    let scene = Scene::set().await;
    let keys = BTreeSet::from_iter(scene.recorded_many(EVENTS).await);
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (100, 0, 0));
    assert_eq!(BTreeSet::from_iter(scene.sent().await), keys);
}

#[tokio::test]
async fn lost_messages_beside_a_busy_queue_are_sent_at_once() {
    let scene = Scene::set().await;
    let keys = BTreeSet::from_iter(scene.recorded_many(3).await);
    scene.send_others(60).await;
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (3, 0, 0));
    let sent = BTreeSet::from_iter(scene.sent().await);
    assert!(sent.is_superset(&keys), "{sent:?}");
}
