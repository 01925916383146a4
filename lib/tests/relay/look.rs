//! The look at what was recorded a moment ago.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lab::proxy::{Call, Fault, Proxy};
use tokio::join;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settlement, Status};
use webhooks::limits;
use webhooks::queue::Queue;
use webhooks::relay::{Inserted, Relayed};
use webhooks_cli::emulator;

use crate::scene::{OVERDUE, Scene, counts, relay};
use crate::support::broken::Closed;
use crate::support::sample::{START, at, claim, end, event, fresh_key, item, record, retry};

/// What the table's stream says of events that were recorded at the beginning.
fn inserted<'a>(keys: impl IntoIterator<Item = &'a EventKey>) -> Vec<Inserted> {
    let inserted = |key: &EventKey| Inserted {
        key: key.clone(),
        at: START,
    };
    keys.into_iter().map(inserted).collect()
}

impl Scene {
    /// An event that the receiver has just recorded.
    async fn just_recorded(&self) -> EventKey {
        let key = fresh_key();
        record(&self.ledger, &event(&key)).await;
        key
    }
}

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let queue = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), "any");
    let relay = relay(ledger, queue);
    let looked = relay.look(inserted(&[fresh_key()]), at(60)).await;
    let error = looked.expect_err("nobody listens").to_string();
    assert_eq!(error, "the ledger cannot be reached (no connection)");
}

#[tokio::test]
async fn what_has_not_ended_is_listed_and_nothing_else() {
    let scene = Scene::set().await;
    let (missed, taken) = (scene.just_recorded().await, scene.just_recorded().await);
    let (done, waiting) = (scene.just_recorded().await, scene.just_recorded().await);
    claim(&scene.ledger, &taken, at(1)).await;
    end(&scene.ledger, &done, Settlement::Ignored, at(1)).await;
    end(&scene.ledger, &waiting, retry(10), at(1)).await;
    let all = [&missed, &taken, &done, &waiting];
    let listed = scene.relay().look(inserted(all), at(60)).await;
    assert_eq!(listed.expect("DynamoDB answers"), 2);
    // The same once more, as Lambda gives a stream's records again after a failure.
    let listed = scene.relay().look(inserted(all), at(60)).await;
    assert_eq!(listed.expect("DynamoDB answers"), 0);
    let relayed = scene.relay().run(at(100_000)).await;
    assert_eq!(counts(relayed), (3, 0, 0));
    let sent = scene.sent().await;
    assert!(!sent.contains(&done), "{sent:?}");
}

#[tokio::test]
async fn without_the_look_no_run_finds_what_was_recorded() {
    let scene = Scene::set().await;
    let key = scene.just_recorded().await;
    assert_eq!(scene.relay().run(at(100_000)).await, Relayed::default());
    let listed = scene.relay().look(inserted([&key]), at(60)).await;
    assert_eq!(listed.expect("DynamoDB answers"), 1);
    let early = scene.relay().run(at(OVERDUE - 1)).await;
    assert_eq!(early, Relayed::default());
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
    assert_eq!(scene.sent().await, [key]);
}

#[tokio::test]
async fn what_ends_within_a_moment_is_not_listed() {
    let scene = Scene::set().await;
    let (quick, slow) = (scene.just_recorded().await, scene.just_recorded().await);
    let started = Instant::now();
    let relay = scene.relay();
    let (listed, ()) = join!(
        relay.look(inserted([&quick, &slow]), START),
        end(&scene.ledger, &quick, Settlement::Ignored, at(1)),
    );
    assert!(started.elapsed() >= limits::LOOK_AFTER);
    assert_eq!(listed.expect("DynamoDB answers"), 1);
    let state = item(&scene.ledger, &slow).await.state;
    assert_eq!((state.status, state.due_at), (Status::Waiting, Some(START)));
    assert_eq!(state.overdue_at, Some(START.after(limits::GRACE)));
}

/// A ledger that once reads as if it had no states yet.
async fn behind(scene: &Scene) -> (Ledger, Proxy) {
    let first = AtomicBool::new(true);
    let stale = move |call: &Call| {
        let reads = call.operation == "BatchGetItem";
        let once = reads && first.swap(false, Ordering::SeqCst);
        once.then_some(Fault::Answer(200, "{}"))
    };
    let proxy = Proxy::start(scene.world.endpoint(), 1, Arc::new(stale)).await;
    let proxy = proxy.expect("it listens");
    let client = aws_sdk_dynamodb::Client::new(&emulator::config(&proxy.url()));
    (Ledger::new(client, &scene.table), proxy)
}

#[tokio::test]
async fn what_has_gone_on_since_it_was_read_is_looked_at_again() {
    let scene = Scene::set().await;
    let (missed, taken, done) = (
        scene.just_recorded().await,
        scene.just_recorded().await,
        scene.just_recorded().await,
    );
    claim(&scene.ledger, &taken, at(1)).await;
    end(&scene.ledger, &done, Settlement::Ignored, at(1)).await;
    let (ledger, _proxy) = behind(&scene).await;
    let relay = relay(ledger, scene.queue.queue());
    let looked = relay.look(inserted([&missed, &taken, &done]), at(60)).await;
    assert_eq!(looked.expect("DynamoDB answers"), 2);
    let relayed = scene.relay().run(at(100)).await;
    assert_eq!(counts(relayed), (2, 0, 0));
    let sent = BTreeSet::from_iter(scene.sent().await);
    assert_eq!(sent, BTreeSet::from([missed, taken]));
}

#[tokio::test]
async fn takes_more_than_one_batch() {
    let scene = Scene::set().await;
    let mut keys = Vec::new();
    for _ in 0..205 {
        keys.push(scene.just_recorded().await);
    }
    let listed = scene.relay().look(inserted(&keys), at(60)).await;
    assert_eq!(listed.expect("DynamoDB answers"), 205);
}

#[tokio::test]
async fn nothing_recorded_is_nothing_to_ask_for() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let queue = Queue::new(aws_sdk_sqs::Client::new(&closed.config()), "any");
    let listed = relay(ledger, queue).look(Vec::new(), START).await;
    assert_eq!(listed.expect("nobody is asked"), 0);
}
