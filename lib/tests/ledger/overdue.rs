//! What the relay finds and moves on.

use futures::future::{join, join_all};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Overdue, Settlement, Status, UNSETTLED_SHARDS};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::sample::{at, claim, end, event, failed, fresh_key, item, record};

/// Seconds after which an event of the moment 0 should have ended.
const OVERDUE: i64 = limits::GRACE.as_secs() as i64;

/// Everything of that key that is overdue, looked for in every shard.
async fn overdue(ledger: &Ledger, key: &EventKey, now: Timestamp) -> Vec<Overdue> {
    let shards = (0..UNSETTLED_SHARDS).map(|shard| ledger.overdue(shard, now, 1000));
    let found = join_all(shards).await.into_iter();
    let found = found.flat_map(|shard| shard.expect("DynamoDB answers"));
    found.filter(|overdue| overdue.key == *key).collect()
}

#[tokio::test]
async fn an_event_that_ended_meanwhile_is_left_alone() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for settlement in [
        Settlement::Done(Vec::new()),
        Settlement::Ignored,
        failed("no"),
    ] {
        let key = fresh_key();
        record(&ledger, &event(&key)).await;
        let seen = overdue(&ledger, &key, at(OVERDUE)).await;
        assert_eq!(seen.len(), 1);
        end(&ledger, &key, settlement, at(OVERDUE + 1)).await;
        let before = item(&ledger, &key).await;
        let moved = ledger
            .postpone(&seen[0], at(OVERDUE + 2))
            .await
            .expect("DynamoDB answers");
        assert_eq!(moved, None);
        assert_eq!(item(&ledger, &key).await, before);
        assert_eq!(overdue(&ledger, &key, at(100_000)).await, []);
    }
}

#[tokio::test]
async fn of_two_relays_one_moves_an_event_on() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    let relay = || ledger.postpone(&seen[0], at(OVERDUE));
    let (one, other) = join(relay(), relay()).await;
    let moved = [one, other].map(|moved| moved.expect("DynamoDB answers").is_some());
    assert!(
        moved == [true, false] || moved == [false, true],
        "{moved:?}"
    );
    assert_eq!(item(&ledger, &key).await.resends, 1);
}

#[tokio::test]
async fn an_event_that_was_tried_meanwhile_is_left_alone() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    let retry = Settlement::Retry {
        cause: "busy".to_owned(),
        pause: limits::RETRY_FIRST,
    };
    end(&ledger, &key, retry, at(OVERDUE + 1)).await;
    let moved = ledger
        .postpone(&seen[0], at(OVERDUE + 2))
        .await
        .expect("DynamoDB answers");
    assert_eq!(moved, None);
}

#[tokio::test]
async fn is_overdue_at_the_moment_and_not_before() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    assert_eq!(overdue(&ledger, &key, at(OVERDUE - 1)).await, []);
    assert_eq!(overdue(&ledger, &key, at(OVERDUE)).await.len(), 1);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_found() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    claim(&ledger, &key, at(1)).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    let moved = ledger
        .postpone(&seen[0], at(OVERDUE))
        .await
        .expect("DynamoDB answers");
    let moved = moved.expect("nobody else moved it");
    assert_eq!(
        (moved.status, moved.event),
        (Status::Processing, event(&key))
    );
}

#[tokio::test]
async fn the_pause_doubles_up_to_the_limit() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let (mut now, mut pauses) = (at(OVERDUE), Vec::new());
    for _ in 0..7 {
        let seen = overdue(&ledger, &key, now).await;
        let moved = ledger
            .postpone(&seen[0], now)
            .await
            .expect("DynamoDB answers");
        let next = moved
            .expect("nobody else moved it")
            .overdue_at
            .expect("it has not ended");
        pauses.push(now.age(next).as_secs());
        now = next;
    }
    assert_eq!(pauses, [120, 240, 480, 960, 1920, 3600, 3600]);
    assert_eq!(item(&ledger, &key).await.resends, 7);
}
