//! A failed event that starts again.

use std::collections::BTreeSet;

use futures::future::join;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settlement, Status, Turn, Writes};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::broken::Lossy;
use crate::support::sample::{
    FAR, at, claim, claim_in, end, event, failed, fresh_key, item, record, reopen, retry,
};

async fn recorded(ledger: &Ledger) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    key
}

async fn failed_at_1(ledger: &Ledger) -> EventKey {
    let key = recorded(ledger).await;
    end(ledger, &key, failed("no such customer"), at(1)).await;
    key
}

#[tokio::test]
async fn starts_only_a_failed_event_again() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (received, processing) = (recorded(&ledger).await, recorded(&ledger).await);
    claim(&ledger, &processing, at(1)).await;
    let mut keys = vec![received, processing];
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        retry(10),
    ] {
        let key = recorded(&ledger).await;
        end(&ledger, &key, settlement, at(1)).await;
        keys.push(key);
    }
    for key in &keys {
        let before = item(&ledger, key).await;
        assert!(!reopen(&ledger, key, "again", at(2)).await);
        assert_eq!(item(&ledger, key).await, before);
    }
}

#[tokio::test]
async fn starts_no_event_that_is_not_there() {
    let world = World::enter().await;
    let (ledger, nobody) = (world.ledger(), fresh_key());
    assert!(!reopen(&ledger, &nobody, "again", at(2)).await);
    assert_eq!(ledger.find(&nobody).await.expect("DynamoDB answers"), None);
    assert_eq!(world.state_item(world.table(), &nobody).await, None);
}

#[tokio::test]
async fn of_two_redeliveries_at_once_one_starts_it() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = failed_at_1(&ledger).await;
    let (one, other) = join(
        reopen(&ledger, &key, "one", at(2)),
        reopen(&ledger, &key, "other", at(2)),
    )
    .await;
    assert_eq!(BTreeSet::from([one, other]), BTreeSet::from([false, true]));
    assert_eq!(item(&ledger, &key).await.state.redeliveries, 1);
}

#[tokio::test]
async fn an_event_that_starts_again_is_due_and_has_all_its_attempts_and_no_cause() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = failed_at_1(&ledger).await;
    assert!(reopen(&ledger, &key, "one", at(2)).await);
    let state = item(&ledger, &key).await.state;
    assert_eq!(
        (state.status, state.attempts, state.redeliveries),
        (Status::Waiting, 0, 1)
    );
    assert_eq!((state.cause, state.due_at), (None, Some(at(2))));
    assert_eq!(state.overdue_at, Some(at(2).after(limits::GRACE)));
    let expected = [
        "2026-01-01T00:00:00.000Z received",
        "2026-01-01T00:00:01.000Z processing",
        "2026-01-01T00:00:01.000Z failed: no such customer",
        "2026-01-01T00:00:02.000Z received again",
    ];
    assert_eq!(state.history, expected);
    let (lease, _) = claim(&ledger, &key, at(2)).await;
    assert_eq!(lease.attempt(), 1);
}

#[tokio::test]
async fn an_event_that_died_alone_before_it_failed_starts_in_company() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = recorded(&ledger).await;
    let (lease, _) = claim_in(Turn::Alone, &ledger, &key, at(0)).await;
    let settled = ledger.settle(&lease, failed("no"), FAR, at(1)).await;
    settled.expect("DynamoDB answers");
    assert!(reopen(&ledger, &key, "again", at(2)).await);
    claim(&ledger, &key, at(3)).await;
    let (lease, _) = claim_in(Turn::Alone, &ledger, &key, at(100)).await;
    assert_eq!(lease.attempt(), 1);
}

#[tokio::test]
async fn another_body_starts_it_all_the_same_and_counts_as_a_conflict() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = failed_at_1(&ledger).await;
    let before = item(&ledger, &key).await;
    let reopened = ledger.reopen(&key, "again", true, FAR, at(2)).await;
    assert!(reopened.expect("DynamoDB answers"));
    let after = item(&ledger, &key).await;
    assert_eq!(after.receipt, before.receipt);
    let state = after.state;
    assert_eq!(
        (state.conflicts, state.redeliveries, state.duplicates),
        (1, 1, 0)
    );
    let last = state.history.last().map(String::as_str);
    let expected = "2026-01-01T00:00:02.000Z received again, with another body";
    assert_eq!(last, Some(expected));
}

#[tokio::test]
async fn what_starts_again_is_kept_for_longer_and_its_state_until_it_ends() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = failed_at_1(&ledger).await;
    let expires = async || {
        let state = world.state_item(world.table(), &key).await;
        state.expect("a state").remove("expires_at")
    };
    assert!(expires().await.is_some());
    let later = Timestamp::from_seconds(FAR.seconds() + 1);
    let reopened = ledger.reopen(&key, "again", false, later, at(2)).await;
    assert!(reopened.expect("DynamoDB answers"));
    assert_eq!(item(&ledger, &key).await.receipt.expires_at, later);
    assert_eq!(expires().await, None);
}

#[tokio::test]
async fn a_redelivery_that_lost_an_answer_starts_it_once() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let ledger = Ledger::new(client, world.table());
    let key = failed_at_1(&ledger).await;
    lossy.lose(1);
    assert!(reopen(&ledger, &key, "again", at(2)).await);
    assert!(lossy.all_lost());
    // And once more as if that write's own answer had been lost.
    assert!(reopen(&ledger, &key, "again", at(2)).await);
    assert_eq!(item(&ledger, &key).await.state.redeliveries, 1);
}
