//! What becomes of an event whose attempt ended without a word: who takes it, and whether it counted.

use webhooks::event::EventKey;
use webhooks::ledger::{Claim, Ledger, Settled, Settlement, Status, Turn, Writes};
use webhooks::limits;

use crate::support::World;
use crate::support::sample::{
    FAR, at, claim, claim_in, end, event, failed, fresh_key, item, record, retry,
};

/// Seconds after which a claim of the moment 0 has run out.
const LEASE: i64 = limits::LEASE.as_secs() as i64;

/// A recorded event that an attempt in that turn took at the beginning, and died with.
async fn died(turn: Turn, ledger: &Ledger) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    claim_in(turn, ledger, &key, at(0)).await;
    key
}

async fn is_silent(ledger: &Ledger, key: &EventKey, turn: Turn, seconds: i64) -> bool {
    let before = item(ledger, key).await;
    let claim = ledger.claim(key, turn, at(seconds)).await;
    let silent = claim.expect("DynamoDB answers") == Claim::Silent;
    silent && item(ledger, key).await == before
}

#[tokio::test]
async fn a_late_attempt_cannot_overwrite_the_one_that_took_over() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let (late, _) = claim(&ledger, &key, at(0)).await;
    let (successor, before) = claim_in(Turn::Alone, &ledger, &key, at(LEASE)).await;
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        retry(0),
        failed("late"),
    ] {
        let settled = ledger.settle(&late, settlement, FAR, at(LEASE + 1)).await;
        assert_eq!(settled.expect("DynamoDB answers"), Settled::Lost);
        assert_eq!(item(&ledger, &key).await, before);
    }
    let settled = ledger.settle(&successor, Settlement::Ignored, FAR, at(LEASE + 2));
    assert_eq!(settled.await.expect("DynamoDB answers"), Settled::Written);
    let settled = ledger.settle(&late, failed("later"), FAR, at(LEASE + 3));
    assert_eq!(settled.await.expect("DynamoDB answers"), Settled::Lost);
    assert_eq!(item(&ledger, &key).await.state.status, Status::Ignored);
}

#[tokio::test]
async fn what_another_attempt_left_behind_is_not_taken_in_company() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let key = died(turn, &ledger).await;
        assert!(is_silent(&ledger, &key, Turn::Together, LEASE).await);
        assert!(is_silent(&ledger, &key, Turn::Together, 1_000_000).await);
    }
}

#[tokio::test]
async fn what_died_in_company_is_taken_alone_and_has_not_counted() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Alone, Turn::Last] {
        let key = died(Turn::Together, &ledger).await;
        assert_eq!(item(&ledger, &key).await.state.attempts, 0);
        let (lease, claimed) = claim_in(turn, &ledger, &key, at(LEASE)).await;
        assert_eq!((lease.attempt(), claimed.state.attempts), (1, 1));
    }
}

#[tokio::test]
async fn what_died_alone_has_counted_and_comes_last() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Alone, Turn::Last] {
        let key = died(turn, &ledger).await;
        assert_eq!(item(&ledger, &key).await.state.attempts, 1);
        assert!(is_silent(&ledger, &key, Turn::Alone, LEASE).await);
        let (lease, claimed) = claim_in(Turn::Last, &ledger, &key, at(LEASE)).await;
        assert_eq!((lease.attempt(), claimed.state.attempts), (2, 2));
    }
}

#[tokio::test]
async fn an_end_that_is_written_counts_in_every_turn() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = died(Turn::Alone, &ledger).await;
    let (second, _) = claim_in(Turn::Last, &ledger, &key, at(LEASE)).await;
    let settled = ledger.settle(&second, retry(10), FAR, at(LEASE + 1));
    assert_eq!(settled.await.expect("an answer"), Settled::Written);
    let (third, claimed) = claim(&ledger, &key, at(LEASE + 11)).await;
    assert_eq!((third.attempt(), claimed.state.attempts), (3, 2));
    let settled = ledger.settle(&third, failed("no"), FAR, at(LEASE + 12));
    assert_eq!(settled.await.expect("an answer"), Settled::Written);
    assert_eq!(item(&ledger, &key).await.state.attempts, 3);
}

#[tokio::test]
async fn an_attempt_that_was_alone_and_has_ended_makes_no_later_one_alone() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let (first, _) = claim_in(Turn::Alone, &ledger, &key, at(0)).await;
    let settled = ledger.settle(&first, retry(10), FAR, at(1)).await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
    claim(&ledger, &key, at(11)).await;
    // The second died in company, so the third need not be the last.
    let (third, claimed) = claim_in(Turn::Alone, &ledger, &key, at(11 + LEASE)).await;
    assert_eq!((third.attempt(), claimed.state.attempts), (2, 2));
}

#[tokio::test]
async fn an_attempt_that_is_put_back_does_not_count_in_any_turn() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let key = fresh_key();
        record(&ledger, &event(&key)).await;
        end(&ledger, &key, retry(10), at(0)).await;
        let (second, _) = claim_in(turn, &ledger, &key, at(10)).await;
        let released = Settlement::Released {
            cause: "no payload".to_owned(),
            pause: limits::BUCKET_PAUSE,
        };
        let settled = ledger.settle(&second, released, FAR, at(11)).await;
        assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
        let state = item(&ledger, &key).await.state;
        assert_eq!((state.attempts, state.put_back), (1, 1), "{turn:?}");
    }
}
