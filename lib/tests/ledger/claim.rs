//! The processor's claim: one attempt has the event, and has it when it is due.

use futures::future::join_all;
use webhooks::event::EventKey;
use webhooks::ledger::{Claim, Ledger, Settled, Settlement, Status, Turn, Writes};
use webhooks::limits;

use crate::support::World;
use crate::support::broken::Lossy;
use crate::support::sample::{FAR, at, claim, end, event, failed, fresh_key, item, record, retry};

/// Seconds for which a claim of the moment 0 holds.
const LEASE: i64 = limits::LEASE.as_secs() as i64;

async fn recorded(ledger: &Ledger) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    key
}

#[tokio::test]
async fn an_event_that_has_ended_is_not_claimed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for (settlement, status) in [
        (Settlement::Done(Writes::none()), Status::Done),
        (Settlement::Ignored, Status::Ignored),
        (failed("no"), Status::Failed),
    ] {
        let key = recorded(&ledger).await;
        end(&ledger, &key, settlement, at(1)).await;
        let before = item(&ledger, &key).await;
        for turn in [Turn::Together, Turn::Alone, Turn::Last] {
            let claim = ledger.claim(&key, turn, at(1000)).await;
            assert_eq!(claim.expect("an answer"), Claim::Ended(status), "{turn:?}");
        }
        assert_eq!(item(&ledger, &key).await, before);
    }
}

#[tokio::test]
async fn a_second_attempt_finds_the_event_leased_in_every_turn() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    let (_, first) = claim(&ledger, &key, at(0)).await;
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let second = ledger.claim(&key, turn, at(LEASE - 1)).await;
        assert_eq!(second.expect("an answer"), Claim::Leased, "{turn:?}");
    }
    assert_eq!(item(&ledger, &key).await, first);
}

#[tokio::test]
async fn an_event_that_waits_is_claimed_when_it_is_due_and_not_before() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    end(&ledger, &key, retry(300), at(1)).await;
    let before = item(&ledger, &key).await;
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let early = ledger.claim(&key, turn, at(300)).await;
        assert_eq!(
            early.expect("an answer"),
            Claim::NotDue(at(301)),
            "{turn:?}"
        );
    }
    assert_eq!(item(&ledger, &key).await, before);
    let (second, claimed) = claim(&ledger, &key, at(301)).await;
    assert_eq!(second.attempt(), 2);
    assert_eq!(claimed.state.status, Status::Processing);
}

#[tokio::test]
async fn of_ten_attempts_at_once_one_has_the_event() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let key = recorded(&ledger).await;
        let claims = join_all((0..10).map(|_| ledger.claim(&key, turn, at(0)))).await;
        let mine = |claim: &&Result<Claim, _>| matches!(claim, Ok(Claim::Mine(_)));
        let leased = |claim: &&Result<Claim, _>| matches!(claim, Ok(Claim::Leased));
        assert_eq!(claims.iter().filter(mine).count(), 1);
        assert_eq!(claims.iter().filter(leased).count(), 9);
    }
}

#[tokio::test]
async fn an_event_whose_receipt_is_not_there_is_claimed_and_still_is_none() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    let claim = ledger.claim(&key, Turn::Together, at(0)).await;
    assert!(matches!(claim, Ok(Claim::Mine(_))), "{claim:?}");
    assert_eq!(ledger.find(&key).await.expect("DynamoDB answers"), None);
}

#[tokio::test]
async fn a_claim_holds_for_the_lease_and_leaves_the_receipt_as_it_is() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    let before = item(&ledger, &key).await;
    let (lease, claimed) = claim(&ledger, &key, at(3)).await;
    assert_eq!(claimed.receipt, before.receipt);
    assert_eq!(claimed.receipt.event, event(&key));
    assert_eq!(
        (lease.attempt(), claimed.state.status),
        (1, Status::Processing)
    );
    assert_eq!(claimed.state.due_at, Some(at(3).after(limits::LEASE)));
}

#[tokio::test]
async fn what_was_counted_before_the_first_claim_stays() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    let counted = ledger.count_duplicate(&key, true, at(1)).await;
    counted.expect("DynamoDB answers");
    let (_, claimed) = claim(&ledger, &key, at(2)).await;
    assert_eq!((claimed.state.duplicates, claimed.state.conflicts), (1, 1));
}

#[tokio::test]
async fn an_attempt_that_lost_the_answer_has_the_event_once() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let ledger = Ledger::new(client, world.table());
    for turn in [Turn::Together, Turn::Alone, Turn::Last] {
        let key = recorded(&ledger).await;
        lossy.lose(1);
        let claim = ledger.claim(&key, turn, at(0)).await;
        assert!(lossy.all_lost());
        let Ok(Claim::Mine(lease)) = claim else {
            panic!("{turn:?}: {claim:?}")
        };
        assert_eq!(lease.attempt(), 1);
        assert_eq!(item(&ledger, &key).await.state.history.len(), 2);
        let settled = ledger.settle(&lease, Settlement::Ignored, FAR, at(1));
        assert_eq!(settled.await.expect("an answer"), Settled::Written);
    }
}
