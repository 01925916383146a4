//! What the relay finds and moves on.

use futures::future::{join, join_all};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, OVERDUE_SHARDS, Overdue, Settlement, Writes};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::sample::{
    at, claim, end, event, failed, fresh_key, item, missed, record, retry,
};

/// Seconds after which an event of the moment 0 should have ended.
const OVERDUE: i64 = limits::GRACE.as_secs() as i64;
/// Seconds for which a claim of the moment 0 holds.
const LEASE: i64 = limits::LEASE.as_secs() as i64;

/// Everything of that key that is overdue, looked for in every shard.
pub(crate) async fn overdue(ledger: &Ledger, key: &EventKey, now: Timestamp) -> Vec<Overdue> {
    let shards = (0..OVERDUE_SHARDS).map(|shard| ledger.overdue(shard, now, 1000));
    let found = join_all(shards).await.into_iter();
    let found = found.flat_map(|shard| shard.expect("DynamoDB answers"));
    found.filter(|overdue| overdue.key == *key).collect()
}

/// A recorded event that the relay's look has listed.
async fn listed(ledger: &Ledger) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    missed(ledger, &key).await;
    key
}

/// Moves an overdue event on; gives the time to which.
async fn postpone(
    ledger: &Ledger,
    overdue: &Overdue,
    sends: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let moved = ledger.postpone(overdue, sends, now).await;
    moved.expect("DynamoDB answers")
}

#[tokio::test]
async fn an_event_that_ended_meanwhile_is_left_alone() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        failed("no"),
    ] {
        let key = listed(&ledger).await;
        let seen = overdue(&ledger, &key, at(OVERDUE)).await;
        assert_eq!(seen.len(), 1);
        end(&ledger, &key, settlement, at(OVERDUE + 1)).await;
        let before = item(&ledger, &key).await;
        for sends in [false, true] {
            let moved = postpone(&ledger, &seen[0], sends, at(OVERDUE + 2)).await;
            assert_eq!(moved, None);
        }
        assert_eq!(item(&ledger, &key).await, before);
        assert_eq!(overdue(&ledger, &key, at(100_000)).await, []);
    }
}

#[tokio::test]
async fn of_two_relays_one_moves_an_event_on() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    let relay = || postpone(&ledger, &seen[0], true, at(OVERDUE));
    let (one, other) = join(relay(), relay()).await;
    let moved = [one, other].map(|moved| moved.is_some());
    assert!(
        moved == [true, false] || moved == [false, true],
        "{moved:?}"
    );
    assert_eq!(item(&ledger, &key).await.state.resends, 1);
}

#[tokio::test]
async fn an_event_that_was_tried_meanwhile_is_left_alone() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    end(&ledger, &key, retry(10), at(OVERDUE + 1)).await;
    let before = item(&ledger, &key).await;
    let moved = postpone(&ledger, &seen[0], true, at(OVERDUE + 2)).await;
    assert_eq!(moved, None);
    assert_eq!(item(&ledger, &key).await, before);
}

#[tokio::test]
async fn is_overdue_at_the_moment_and_not_before() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    assert_eq!(overdue(&ledger, &key, at(OVERDUE - 1)).await, []);
    assert_eq!(overdue(&ledger, &key, at(OVERDUE)).await.len(), 1);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_found_when_its_lease_has_run_out() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    claim(&ledger, &key, at(1)).await;
    missed(&ledger, &key).await;
    assert_eq!(overdue(&ledger, &key, at(LEASE)).await, []);
    let seen = overdue(&ledger, &key, at(1 + LEASE)).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].late(at(1 + LEASE)).as_secs(), 0);
    let moved = postpone(&ledger, &seen[0], true, at(1 + LEASE)).await;
    assert_eq!(moved, Some(at(1 + LEASE).after(2 * limits::GRACE)));
}

#[tokio::test]
async fn a_later_attempt_that_hangs_is_found_though_nobody_looks_at_it_anew() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    claim(&ledger, &key, at(10)).await;
    assert_eq!(overdue(&ledger, &key, at(9 + LEASE)).await, []);
    assert_eq!(overdue(&ledger, &key, at(10 + LEASE)).await.len(), 1);
}

#[tokio::test]
async fn the_pause_doubles_up_to_the_limit() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    let (mut now, mut pauses) = (at(OVERDUE), Vec::new());
    for _ in 0..8 {
        let seen = overdue(&ledger, &key, now).await;
        let moved = postpone(&ledger, &seen[0], true, now).await;
        let next = moved.expect("nobody else moved it");
        pauses.push(now.age(next).as_secs());
        now = next;
    }
    assert_eq!(pauses, [120, 180, 360, 720, 1440, 2880, 3600, 3600]);
    let state = item(&ledger, &key).await.state;
    assert_eq!((state.resends, state.overdue_at), (8, Some(now)));
}

#[tokio::test]
async fn only_what_is_sent_is_counted_and_the_pause_is_the_same() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for (sends, resends) in [(false, 0), (true, 1)] {
        let key = listed(&ledger).await;
        let seen = overdue(&ledger, &key, at(2 * OVERDUE)).await;
        let moved = postpone(&ledger, &seen[0], sends, at(2 * OVERDUE)).await;
        assert_eq!(moved, Some(at(4 * OVERDUE)));
        assert_eq!(item(&ledger, &key).await.state.resends, resends);
    }
}

#[tokio::test]
async fn what_was_not_sent_after_all_is_overdue_as_before() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = listed(&ledger).await;
    let before = item(&ledger, &key).await;
    let seen = overdue(&ledger, &key, at(OVERDUE)).await;
    let moved = postpone(&ledger, &seen[0], true, at(OVERDUE)).await;
    let next = moved.expect("nobody else moved it");
    assert_eq!(overdue(&ledger, &key, at(OVERDUE)).await, []);
    // The second is one whose first answer was lost.
    for _ in 0..2 {
        let restored = ledger.restore(&seen[0], next).await;
        restored.expect("DynamoDB answers");
        assert_eq!(item(&ledger, &key).await, before);
    }
    assert_eq!(overdue(&ledger, &key, at(OVERDUE)).await, seen);
}
