//! What an event's state says of its past, and how large it grows.

use std::time::Duration;

use lab::cost::capacity::size;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settled, Settlement, Turn, Writes};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::sample::{
    FAR, at, claim, claim_in, event, failed, fresh_key, item, missed, record, reopen, retry,
};

async fn end(
    ledger: &Ledger,
    key: &EventKey,
    settlement: Settlement,
    claimed_at: Timestamp,
    now: Timestamp,
) {
    let (lease, _) = claim(ledger, key, claimed_at).await;
    let settled = ledger.settle(&lease, settlement, FAR, now).await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
}

#[tokio::test]
async fn has_every_transition() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    missed(&ledger, &key).await;
    end(&ledger, &key, retry(10), at(6), at(7)).await;
    claim(&ledger, &key, at(17)).await;
    let (third, _) = claim_in(Turn::Alone, &ledger, &key, at(100)).await;
    let settled = ledger.settle(&third, failed("no more"), FAR, at(101)).await;
    settled.expect("DynamoDB answers");
    assert!(reopen(&ledger, &key, "again", at(200)).await);
    end(
        &ledger,
        &key,
        Settlement::Done(Writes::none()),
        at(201),
        at(202),
    )
    .await;
    let expected = [
        "2026-01-01T00:00:00.000Z received",
        "2026-01-01T00:00:05.000Z not taken yet",
        "2026-01-01T00:00:06.000Z processing",
        "2026-01-01T00:00:07.000Z to be tried again in 10 s: busy",
        "2026-01-01T00:00:17.000Z processing",
        "2026-01-01T00:01:40.000Z processing",
        "2026-01-01T00:01:41.000Z failed: no more",
        "2026-01-01T00:03:20.000Z received again",
        "2026-01-01T00:03:21.000Z processing",
        "2026-01-01T00:03:22.000Z done",
    ];
    assert_eq!(item(&ledger, &key).await.state.history, expected);
}

#[tokio::test]
async fn sixty_attempts_leave_a_state_of_about_a_kilobyte() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for cause in ["the service behind it answers 503", &"x".repeat(2000)] {
        let key = fresh_key();
        record(&ledger, &event(&key)).await;
        missed(&ledger, &key).await;
        for attempt in 0..60 {
            let again = Settlement::Retry {
                cause: cause.to_owned(),
                pause: Duration::from_secs(1),
            };
            end(&ledger, &key, again, at(10 + attempt), at(10 + attempt)).await;
            let state = world.state_item(world.table(), &key).await;
            let bytes = size(&state.expect("a state"));
            assert!(bytes < 1200, "{bytes} bytes after attempt {attempt}");
        }
        let state = item(&ledger, &key).await.state;
        assert_eq!(state.attempts, 60);
        let last = state.history.last().expect("an entry");
        assert!(last.starts_with("2026-01-01T00:01:09.000Z to be tried again"));
        let room = &state.history[1];
        let left_out = room.strip_prefix("earlier transitions: ");
        let left_out: usize = left_out.expect(room).parse().expect("a number");
        // One was the look's, two are each attempt's, and none is told twice.
        assert_eq!(left_out + state.history.len() - 2, 121);
    }
}

#[tokio::test]
async fn what_dies_again_and_again_leaves_a_state_of_about_a_kilobyte() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let lease = i64::try_from(limits::LEASE.as_secs()).expect("it is short");
    for death in 0..20 {
        claim_in(Turn::Last, &ledger, &key, at(lease * death)).await;
    }
    let state = world.state_item(world.table(), &key).await;
    let bytes = size(&state.expect("a state"));
    assert!(bytes < 1200, "{bytes} bytes");
    assert_eq!(item(&ledger, &key).await.state.attempts, 20);
}
