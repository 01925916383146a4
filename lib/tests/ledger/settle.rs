//! The end of an attempt.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use webhooks::event::EventKey;
use webhooks::ledger::{Lease, Ledger, Listing, Settled, Settlement, Status};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::broken::Lossy;
use crate::support::effect::{add_one, count, demand};
use crate::support::sample::{at, claim, event, failed, fresh_key, item, record};
use crate::support::{World, unique};

async fn settle(ledger: &Ledger, lease: &Lease, end: Settlement, now: Timestamp) -> Settled {
    let settled = ledger.settle(lease, end, now).await;
    settled.expect("DynamoDB answers")
}

/// A recorded event and the first attempt's hold on it.
async fn attempt(ledger: &Ledger) -> (EventKey, Lease) {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    let (lease, _) = claim(ledger, &key, at(1)).await;
    (key, lease)
}

fn done(effect: impl Into<Vec<TransactWriteItem>>) -> Settlement {
    Settlement::Done(effect.into())
}

fn retry(seconds: u64) -> Settlement {
    let (cause, pause) = ("busy".to_owned(), Duration::from_secs(seconds));
    Settlement::Retry { cause, pause }
}

#[tokio::test]
async fn a_refused_effect_leaves_the_event_in_processing_and_writes_nothing() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, lease) = attempt(&ledger).await;
    let before = item(&ledger, &key).await;
    let effect = [
        add_one(world.payments(), &row),
        demand(world.payments(), "no such row"),
    ];
    assert_eq!(
        settle(&ledger, &lease, done(effect), at(2)).await,
        Settled::EffectRefused
    );
    assert_eq!(count(&world, &row).await, 0);
    assert_eq!(item(&ledger, &key).await, before);
    assert_eq!(before.status, Status::Processing);
}

#[tokio::test]
async fn an_effect_that_dynamodb_does_not_take_is_an_error_and_writes_nothing() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, lease) = attempt(&ledger).await;
    let effect = [
        add_one(world.payments(), &row),
        add_one("no-such-table", &row),
    ];
    let settled = ledger.settle(&lease, done(effect), at(2)).await;
    settled.expect_err("there is no such table");
    assert_eq!(count(&world, &row).await, 0);
    assert_eq!(item(&ledger, &key).await.status, Status::Processing);
}

#[tokio::test]
async fn the_effect_of_an_attempt_that_was_taken_over_is_not_written() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, late) = attempt(&ledger).await;
    let (successor, _) = claim(&ledger, &key, at(100)).await;
    let effect = || done([add_one(world.payments(), &row)]);
    assert_eq!(
        settle(&ledger, &late, effect(), at(101)).await,
        Settled::Lost
    );
    assert_eq!(count(&world, &row).await, 0);
    assert_eq!(
        settle(&ledger, &successor, effect(), at(101)).await,
        Settled::Written
    );
    assert_eq!(
        settle(&ledger, &late, effect(), at(102)).await,
        Settled::Lost
    );
    assert_eq!(count(&world, &row).await, 1);
}

#[tokio::test]
async fn the_same_end_is_written_once_and_holds_both_times() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let effect = || done([add_one(world.payments(), &row)]);
    let ends: [&dyn Fn() -> Settlement; 5] = [
        &effect,
        &|| done([]),
        &|| Settlement::Ignored,
        &|| retry(1),
        &|| failed("no"),
    ];
    for end in ends {
        let (key, lease) = attempt(&ledger).await;
        assert_eq!(
            settle(&ledger, &lease, end(), at(2)).await,
            Settled::Written
        );
        let once = item(&ledger, &key).await;
        assert_eq!(
            settle(&ledger, &lease, end(), at(2)).await,
            Settled::Written
        );
        assert_eq!(item(&ledger, &key).await, once);
    }
    assert_eq!(count(&world, &row).await, 1);
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_holds() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let (ledger, row) = (Ledger::new(client, world.table()), unique("row"));
    for end in [
        done([add_one(world.payments(), &row)]),
        Settlement::Ignored,
        failed("no"),
    ] {
        let (_, lease) = attempt(&ledger).await;
        lossy.lose(1);
        assert_eq!(settle(&ledger, &lease, end, at(2)).await, Settled::Written);
        assert!(lossy.all_lost());
    }
    assert_eq!(count(&world, &row).await, 1);
}

#[tokio::test]
async fn an_end_that_came_too_late_to_be_the_same_is_lost() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, lease) = attempt(&ledger).await;
    assert_eq!(
        settle(&ledger, &lease, failed("no"), at(2)).await,
        Settled::Written
    );
    assert_eq!(
        settle(&ledger, &lease, done([]), at(3)).await,
        Settled::Lost
    );
    assert_eq!(item(&ledger, &key).await.status, Status::Failed);
}

#[tokio::test]
async fn a_failed_event_has_a_cause_and_is_listed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, lease) = attempt(&ledger).await;
    settle(&ledger, &lease, failed("no such customer"), at(2)).await;
    let failed = item(&ledger, &key).await;
    assert_eq!(failed.cause.as_deref(), Some("no such customer"));
    assert_eq!((failed.lease_until, failed.overdue_at), (None, Some(at(2))));
    let listing = Listing {
        provider: key.provider.clone(),
        source: key.source.clone(),
        kind: None,
        status: Some(Status::Failed),
        since: at(0),
        until: at(0),
        limit: usize::MAX,
    };
    let listed = ledger.list(&listing).await.expect("DynamoDB answers");
    let listed = listed
        .iter()
        .find(|summary| summary.key == key)
        .expect("it is listed");
    assert_eq!(listed.cause.as_deref(), Some("no such customer"));
}

#[tokio::test]
async fn an_event_to_be_tried_again_waits_its_pause_before_it_is_overdue() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, lease) = attempt(&ledger).await;
    assert_eq!(
        settle(&ledger, &lease, retry(300), at(2)).await,
        Settled::Written
    );
    let waiting = item(&ledger, &key).await;
    assert_eq!((waiting.status, waiting.attempts), (Status::Received, 1));
    assert_eq!(
        (waiting.cause.as_deref(), waiting.lease_until),
        (Some("busy"), None)
    );
    assert_eq!(waiting.overdue_at, Some(at(302).after(limits::GRACE)));
    let (_, second) = claim(&ledger, &key, at(302)).await;
    assert_eq!(second.attempts, 2);
}

#[tokio::test]
async fn an_effect_and_the_status_commit_together() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, lease) = attempt(&ledger).await;
    let effect = done([add_one(world.payments(), &row)]);
    assert_eq!(
        settle(&ledger, &lease, effect, at(2)).await,
        Settled::Written
    );
    assert_eq!(count(&world, &row).await, 1);
    let done = item(&ledger, &key).await;
    assert_eq!(done.status, Status::Done);
    assert_eq!(
        (done.overdue_at, done.lease_until, done.cause),
        (None, None, None)
    );
}

#[tokio::test]
async fn the_history_has_every_transition() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, first) = attempt(&ledger).await;
    settle(&ledger, &first, retry(10), at(2)).await;
    claim(&ledger, &key, at(12)).await;
    let (third, _) = claim(&ledger, &key, at(100)).await;
    settle(&ledger, &third, failed("no attempts left"), at(101)).await;
    assert!(
        ledger
            .reopen(&key, "again", at(9999), at(200))
            .await
            .expect("DynamoDB answers")
    );
    let (fourth, _) = claim(&ledger, &key, at(201)).await;
    settle(&ledger, &fourth, done([]), at(202)).await;
    let expected = [
        "2026-01-01T00:00:00.000Z received",
        "2026-01-01T00:00:01.000Z processing",
        "2026-01-01T00:00:02.000Z to be tried again in 10 s: busy",
        "2026-01-01T00:00:12.000Z processing",
        "2026-01-01T00:01:40.000Z processing",
        "2026-01-01T00:01:41.000Z failed: no attempts left",
        "2026-01-01T00:03:20.000Z received again",
        "2026-01-01T00:03:21.000Z processing",
        "2026-01-01T00:03:22.000Z done",
    ];
    assert_eq!(item(&ledger, &key).await.history, expected);
}
