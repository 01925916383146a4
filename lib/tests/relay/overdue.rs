//! What the relay sends, and when.

use std::collections::BTreeSet;

use tokio::join;
use webhooks::ledger::{Claim, Settlement, Status, Turn, Writes};
use webhooks::limits;
use webhooks::relay::Relayed;

use crate::scene::{OVERDUE, Scene, counts};
use crate::support::sample::{
    START, at, claim, claim_in, end, event, event_of, failed, fresh_key, item, missed, noise,
    record, reopen, retry,
};

#[tokio::test]
async fn what_has_ended_is_left_alone() {
    let scene = Scene::set().await;
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        failed("no"),
    ] {
        let key = scene.recorded().await;
        end(&scene.ledger, &key, settlement, at(1)).await;
    }
    assert_eq!(scene.relay().run(at(1_000_000)).await, Relayed::default());
    assert_eq!(scene.sent().await, []);
}

#[tokio::test]
async fn an_event_that_waits_for_its_next_attempt_is_left_alone_until_then() {
    let scene = Scene::set().await;
    let longest = limits::LONGEST_DELAY.as_secs();
    // A delayed message has its grace; half a day is more than a message can be delayed.
    for (pause, due) in [(longest, 1 + 900 + OVERDUE), (43_200, 1 + 43_200)] {
        let key = fresh_key();
        record(&scene.ledger, &event(&key)).await;
        end(&scene.ledger, &key, retry(pause), at(1)).await;
        let early = scene.relay().run(at(due - 1)).await;
        assert_eq!(early, Relayed::default());
        let relayed = scene.relay().run(at(due)).await;
        assert_eq!(counts(relayed), (1, 0, 0));
        assert_eq!(scene.sent().await, std::slice::from_ref(&key));
        let (second, _) = claim(&scene.ledger, &key, at(due)).await;
        assert_eq!(second.attempt(), 2);
        let settled = scene
            .ledger
            .settle(&second, failed("no"), at(2_000_000_000), at(due));
        settled.await.expect("DynamoDB answers");
    }
}

#[tokio::test]
async fn an_event_that_was_never_sent_is_sent_once_when_it_is_overdue_and_not_before() {
    let scene = Scene::set().await;
    let key = scene.recorded().await;
    let early = scene.relay().run(at(OVERDUE - 1)).await;
    assert_eq!(early, Relayed::default());
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
    assert_eq!(relayed.oldest, limits::GRACE);
    assert_eq!(scene.relay().run(at(OVERDUE)).await, Relayed::default());
    assert_eq!(scene.sent().await, std::slice::from_ref(&key));
    let state = item(&scene.ledger, &key).await.state;
    assert_eq!((state.status, state.resends), (Status::Waiting, 1));
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
        missed(&scene.ledger, event.key()).await;
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
    let key = fresh_key();
    record(&scene.ledger, &event(&key)).await;
    claim(&scene.ledger, &key, at(1)).await;
    missed(&scene.ledger, &key).await;
    let ends = 1 + limits::LEASE.as_secs() as i64;
    let early = scene.relay().run(at(ends - 1)).await;
    assert_eq!(early, Relayed::default());
    let relayed = scene.relay().run(at(ends)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
    assert_eq!(scene.sent().await, std::slice::from_ref(&key));
    let together = scene.ledger.claim(&key, Turn::Together, at(ends)).await;
    assert_eq!(together.expect("an answer"), Claim::Silent);
    let (lease, _) = claim_in(Turn::Alone, &scene.ledger, &key, at(ends)).await;
    assert_eq!(lease.attempt(), 1);
}

#[tokio::test]
async fn a_failed_event_that_starts_again_is_looked_after_again() {
    let scene = Scene::set().await;
    let key = fresh_key();
    record(&scene.ledger, &event(&key)).await;
    end(&scene.ledger, &key, failed("no"), at(1)).await;
    assert!(reopen(&scene.ledger, &key, "again", at(1000)).await);
    let early = scene.relay().run(at(1000 + OVERDUE - 1)).await;
    assert_eq!(early, Relayed::default());
    let relayed = scene.relay().run(at(1000 + OVERDUE)).await;
    assert_eq!(counts(relayed), (1, 0, 0));
    assert_eq!(scene.sent().await, [key]);
}

#[tokio::test]
async fn two_relays_at_once_send_every_event_once() {
    let scene = Scene::set().await;
    let keys = BTreeSet::from_iter(scene.recorded_many(40).await);
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
    let relayed = scene.relay().run(at(OVERDUE)).await;
    assert_eq!(counts(relayed), (105, 0, 0));
    assert_eq!(
        BTreeSet::from_iter(scene.sent().await),
        BTreeSet::from_iter(keys)
    );
}
