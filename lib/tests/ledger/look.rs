//! The relay's look at what was recorded a moment ago.

use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Look, Settlement, Status, Turn, Writes};
use webhooks::limits;

use crate::overdue::overdue;
use crate::support::World;
use crate::support::broken::Closed;
use crate::support::sample::{
    FAR, START, at, claim, claim_in, end, event, failed, fresh_key, item, missed, record, reopen,
    retry,
};

async fn recorded(ledger: &Ledger) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    key
}

/// What a look at one event finds.
async fn look(ledger: &Ledger, key: &EventKey) -> Option<Look> {
    let found = ledger.look(std::slice::from_ref(key)).await;
    let mut found = found.expect("DynamoDB answers");
    assert!(found.len() < 2 && found.iter().all(|(found, _)| found == key));
    found.pop().map(|(_, look)| look)
}

async fn list(ledger: &Ledger, key: &EventKey, look: Look) -> bool {
    let listed = ledger.list_as_overdue(key, look, START, at(5)).await;
    listed.expect("DynamoDB answers")
}

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let down = "the ledger cannot be reached (no connection)";
    let looked = ledger.look(&[fresh_key()]).await;
    assert_eq!(looked.expect_err("nobody listens").to_string(), down);
    let key = fresh_key();
    let listed = ledger.list_as_overdue(&key, Look::NotTaken, START, at(5));
    assert_eq!(listed.await.expect_err("nobody listens").to_string(), down);
}

#[tokio::test]
async fn what_was_just_recorded_is_in_no_index_before_the_look() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    assert_eq!(overdue(&ledger, &key, at(1_000_000)).await, []);
    assert_eq!(look(&ledger, &key).await, Some(Look::NotTaken));
    missed(&ledger, &key).await;
    let state = item(&ledger, &key).await.state;
    assert_eq!((state.status, state.attempts), (Status::Waiting, 0));
    assert_eq!(state.due_at, Some(START));
    assert_eq!(state.overdue_at, Some(START.after(limits::GRACE)));
    assert_eq!(overdue(&ledger, &key, at(60)).await.len(), 1);
}

#[tokio::test]
async fn what_was_only_counted_again_has_not_been_taken() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    let counted = ledger.count_duplicate(&key, false, at(1)).await;
    counted.expect("DynamoDB answers");
    assert_eq!(look(&ledger, &key).await, Some(Look::NotTaken));
    missed(&ledger, &key).await;
    let state = item(&ledger, &key).await.state;
    assert_eq!((state.status, state.duplicates), (Status::Waiting, 1));
}

#[tokio::test]
async fn an_attempt_that_goes_on_is_listed_with_the_end_of_its_lease() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for turn in [Turn::Together, Turn::Alone] {
        let key = recorded(&ledger).await;
        let (_, before) = claim_in(turn, &ledger, &key, at(1)).await;
        missed(&ledger, &key).await;
        assert_eq!(item(&ledger, &key).await, before);
        assert_eq!(before.state.overdue_at, Some(at(1).after(limits::LEASE)));
        assert_eq!(overdue(&ledger, &key, at(76)).await.len(), 1);
        assert_eq!(look(&ledger, &key).await, None, "it is listed");
    }
}

#[tokio::test]
async fn finds_nothing_of_what_has_ended_or_is_listed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        failed("no"),
        retry(10),
    ] {
        let key = recorded(&ledger).await;
        end(&ledger, &key, settlement, at(1)).await;
        assert_eq!(look(&ledger, &key).await, None);
    }
    let key = recorded(&ledger).await;
    missed(&ledger, &key).await;
    assert_eq!(look(&ledger, &key).await, None);
}

#[tokio::test]
async fn what_was_taken_after_the_look_is_not_put_back_and_is_found_by_the_next() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    claim(&ledger, &key, at(4)).await;
    let before = item(&ledger, &key).await;
    assert!(!list(&ledger, &key, Look::NotTaken).await);
    assert_eq!(item(&ledger, &key).await, before);
    assert_eq!(look(&ledger, &key).await, Some(Look::Taken));
    assert!(list(&ledger, &key, Look::Taken).await);
    assert_eq!(look(&ledger, &key).await, None);
}

#[tokio::test]
async fn what_ended_after_the_look_is_not_listed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for settlement in [Settlement::Ignored, failed("no"), retry(10)] {
        let key = recorded(&ledger).await;
        let (lease, _) = claim(&ledger, &key, at(1)).await;
        let taken = look(&ledger, &key).await.expect("it goes on");
        let settled = ledger.settle(&lease, settlement, FAR, at(2));
        settled.await.expect("DynamoDB answers");
        let before = item(&ledger, &key).await;
        for look in [taken, Look::NotTaken] {
            assert!(!list(&ledger, &key, look).await);
        }
        assert_eq!(item(&ledger, &key).await, before);
    }
}

#[tokio::test]
async fn an_event_that_starts_again_needs_no_look() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    end(&ledger, &key, failed("no"), at(1)).await;
    assert!(reopen(&ledger, &key, "again", at(100)).await);
    assert_eq!(look(&ledger, &key).await, None);
    assert_eq!(overdue(&ledger, &key, at(159)).await, []);
    assert_eq!(overdue(&ledger, &key, at(160)).await.len(), 1);
}

#[tokio::test]
async fn finds_among_a_hundred_those_that_have_not_ended() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let mut keys: Vec<EventKey> = (0..97).map(|_| fresh_key()).collect();
    let (open, taken, done) = (
        recorded(&ledger).await,
        recorded(&ledger).await,
        recorded(&ledger).await,
    );
    claim(&ledger, &taken, at(1)).await;
    end(&ledger, &done, Settlement::Ignored, at(1)).await;
    keys.extend([open.clone(), taken.clone(), done.clone()]);
    let found = ledger.look(&keys).await.expect("DynamoDB answers");
    // Whether there is a receipt is not asked: the stream has said so.
    assert_eq!(found.len(), 99);
    let of = |key| found.iter().find(|(found, _)| *found == key);
    assert!(matches!(of(open), Some((_, Look::NotTaken))));
    assert!(matches!(of(taken), Some((_, Look::Taken))));
    assert_eq!(of(done), None);
}
