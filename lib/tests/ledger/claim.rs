//! The processor's claim: one attempt has the event.

use std::time::Duration;

use futures::future::join_all;
use webhooks::ledger::{Claim, Ledger, Settled, Settlement, Status};
use webhooks::limits;

use crate::support::World;
use crate::support::broken::Lossy;
use crate::support::sample::{at, claim, end, event, failed, fresh_key, item, record};

/// Seconds after which a claim of the moment 0 has run out.
const LEASE_ENDED: i64 = limits::LEASE.as_secs() as i64 + 1;

#[tokio::test]
async fn an_event_that_nobody_recorded_is_unknown_and_stays_so() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    let claim = ledger.claim(&key, at(0)).await;
    assert!(matches!(claim, Ok(Claim::Unknown)), "{claim:?}");
    assert_eq!(ledger.find(&key).await.expect("DynamoDB answers"), None);
}

#[tokio::test]
async fn an_event_that_has_ended_is_not_claimed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for (settlement, status) in [
        (Settlement::Done(Vec::new()), Status::Done),
        (Settlement::Ignored, Status::Ignored),
        (failed("no"), Status::Failed),
    ] {
        let key = fresh_key();
        record(&ledger, &event(&key)).await;
        end(&ledger, &key, settlement, at(1)).await;
        let before = item(&ledger, &key).await;
        let claim = ledger.claim(&key, at(1000)).await;
        assert!(
            matches!(claim, Ok(Claim::Ended(ended)) if ended == status),
            "{claim:?}"
        );
        assert_eq!(item(&ledger, &key).await, before);
    }
}

#[tokio::test]
async fn a_second_attempt_finds_the_event_leased() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    claim(&ledger, &key, at(0)).await;
    let second = ledger.claim(&key, at(LEASE_ENDED - 1)).await;
    assert!(matches!(second, Ok(Claim::Leased)), "{second:?}");
    assert_eq!(item(&ledger, &key).await.attempts, 1);
}

#[tokio::test]
async fn of_ten_attempts_at_once_one_has_the_event() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let claims = join_all((0..10).map(|_| ledger.claim(&key, at(0)))).await;
    let mine = |claim: &&Result<Claim, _>| matches!(claim, Ok(Claim::Mine(..)));
    let leased = |claim: &&Result<Claim, _>| matches!(claim, Ok(Claim::Leased));
    assert_eq!(claims.iter().filter(mine).count(), 1);
    assert_eq!(claims.iter().filter(leased).count(), 9);
}

#[tokio::test]
async fn an_attempt_gets_the_event_with_its_payload() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let (_, claimed) = claim(&ledger, &key, at(3)).await;
    assert_eq!(claimed.event, event(&key));
    assert_eq!((claimed.status, claimed.attempts), (Status::Processing, 1));
    assert_eq!(claimed.lease_until, Some(at(3).after(limits::LEASE)));
    assert_eq!(claimed, item(&ledger, &key).await);
}

#[tokio::test]
async fn an_attempt_that_lost_the_answer_has_the_event_once() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let (ledger, key) = (Ledger::new(client, world.table()), fresh_key());
    record(&ledger, &event(&key)).await;
    lossy.lose(1);
    let (lease, claimed) = claim(&ledger, &key, at(0)).await;
    assert!(lossy.all_lost());
    assert_eq!((claimed.attempts, claimed.history.len()), (1, 2));
    let settled = ledger.settle(&lease, Settlement::Ignored, at(1)).await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
}

#[tokio::test]
async fn a_late_attempt_cannot_overwrite_the_one_that_took_over() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let (late, _) = claim(&ledger, &key, at(0)).await;
    let (successor, taken_over) = claim(&ledger, &key, at(LEASE_ENDED)).await;
    assert_eq!(taken_over.attempts, 2);
    let before = item(&ledger, &key).await;
    let retry = Settlement::Retry {
        cause: "late".to_owned(),
        pause: Duration::ZERO,
    };
    for settlement in [
        Settlement::Done(Vec::new()),
        Settlement::Ignored,
        retry,
        failed("late"),
    ] {
        let settled = ledger.settle(&late, settlement, at(LEASE_ENDED + 1)).await;
        assert_eq!(settled.expect("DynamoDB answers"), Settled::Lost);
        assert_eq!(item(&ledger, &key).await, before);
    }
    let settled = ledger
        .settle(&successor, Settlement::Ignored, at(LEASE_ENDED + 2))
        .await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
    let settled = ledger
        .settle(&late, failed("later"), at(LEASE_ENDED + 3))
        .await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Lost);
    assert_eq!(item(&ledger, &key).await.status, Status::Ignored);
}
