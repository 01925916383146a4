//! A handler's writes: with the status of their event, or not at all.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use lab::proxy::{Call, Fault, Judge, Proxy};
use webhooks::event::EventKey;
use webhooks::ledger::{Lease, Ledger, Settled, Settlement, Status, TooManyWrites, Turn, Writes};
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator;

use crate::support::broken::Lossy;
use crate::support::effect::{add_one, count, demand};
use crate::support::sample::{FAR, at, claim, claim_in, event, fresh_key, item, record};
use crate::support::{World, unique};

async fn settle(ledger: &Ledger, lease: &Lease, end: Settlement, now: Timestamp) -> Settled {
    let settled = ledger.settle(lease, end, FAR, now).await;
    settled.expect("DynamoDB answers")
}

fn done(effect: impl Into<Vec<TransactWriteItem>>) -> Settlement {
    let writes = Writes::try_from(effect.into());
    Settlement::Done(writes.expect("a transaction takes them"))
}

/// A recorded event and the first attempt's hold on it.
async fn attempt(ledger: &Ledger) -> (EventKey, Lease) {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    let (lease, _) = claim(ledger, &key, at(1)).await;
    (key, lease)
}

/// A put whose key is a number, where the table has texts.
fn number_for_a_key(world: &World) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(world.payments())
        .item("payment_id", AttributeValue::N("1".to_owned()))
        .build()
        .expect("table and item are set");
    TransactWriteItem::builder().put(put).build()
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
    assert_eq!(before.state.status, Status::Processing);
}

#[tokio::test]
async fn an_effect_that_dynamodb_never_takes_is_invalid_and_writes_nothing() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    for (effect, code) in [
        (
            vec![
                add_one(world.payments(), &row),
                add_one("no-such-table", &row),
            ],
            "ResourceNotFoundException",
        ),
        // Twice the same row.
        (
            vec![
                add_one(world.payments(), &row),
                add_one(world.payments(), &row),
            ],
            "ValidationException",
        ),
        // A key of another type than the table's.
        (
            vec![add_one(world.payments(), &row), number_for_a_key(&world)],
            "ValidationError",
        ),
    ] {
        let (key, lease) = attempt(&ledger).await;
        let before = item(&ledger, &key).await;
        let invalid = Settled::EffectInvalid {
            code: code.to_owned(),
        };
        assert_eq!(settle(&ledger, &lease, done(effect), at(2)).await, invalid);
        assert_eq!(count(&world, &row).await, 0);
        assert_eq!(item(&ledger, &key).await, before);
        // The attempt can still be ended without them.
        let ignored = settle(&ledger, &lease, Settlement::Ignored, at(3)).await;
        assert_eq!(ignored, Settled::Written);
    }
}

#[tokio::test]
async fn an_effect_that_the_role_may_not_write_is_invalid() {
    let world = World::enter().await;
    let refuse: Judge = Arc::new(|call: &Call| {
        let transaction = call.operation == "TransactWriteItems";
        transaction.then_some(Fault::Refused("AccessDeniedException"))
    });
    let proxy = Proxy::start(world.endpoint(), 1, refuse).await;
    let proxy = proxy.expect("it listens");
    let client = aws_sdk_dynamodb::Client::new(&emulator::config(&proxy.url()));
    let ledger = Ledger::new(client, world.table());
    let (key, lease) = attempt(&ledger).await;
    let effect = done([add_one(world.payments(), &unique("row"))]);
    let invalid = Settled::EffectInvalid {
        code: "AccessDeniedException".to_owned(),
    };
    assert_eq!(settle(&ledger, &lease, effect, at(2)).await, invalid);
    let state = item(&ledger, &key).await.state;
    assert_eq!(state.status, Status::Processing);
}

#[tokio::test]
async fn more_writes_than_a_transaction_takes_are_too_many() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let row = unique("row");
    let writes = |count: usize| -> Vec<TransactWriteItem> {
        let rows = (0..count).map(|number| format!("{row}-{number}"));
        rows.map(|row| add_one(world.payments(), &row)).collect()
    };
    let error = Writes::try_from(writes(100)).expect_err("there is one for the status");
    assert_eq!(error, TooManyWrites(100));
    assert_eq!(
        error.to_string(),
        "100 writes, of which a transaction takes 99"
    );
    let (key, lease) = attempt(&ledger).await;
    let settled = settle(&ledger, &lease, done(writes(99)), at(2)).await;
    assert_eq!(settled, Settled::Written);
    assert_eq!(item(&ledger, &key).await.state.status, Status::Done);
    assert_eq!(count(&world, &format!("{row}-98")).await, 1);
}

#[tokio::test]
async fn the_effect_of_an_attempt_that_was_taken_over_is_not_written() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, late) = attempt(&ledger).await;
    let (successor, _) = claim_in(Turn::Alone, &ledger, &key, at(100)).await;
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
async fn the_same_effect_is_written_once_and_holds_both_times() {
    let world = World::enter().await;
    let (ledger, row) = (world.ledger(), unique("row"));
    let (key, lease) = attempt(&ledger).await;
    let effect = || done([add_one(world.payments(), &row)]);
    let first = settle(&ledger, &lease, effect(), at(2)).await;
    let once = item(&ledger, &key).await;
    let second = settle(&ledger, &lease, effect(), at(2)).await;
    assert_eq!((first, second), (Settled::Written, Settled::Written));
    assert_eq!(item(&ledger, &key).await, once);
    assert_eq!(count(&world, &row).await, 1);
}

#[tokio::test]
async fn an_effect_whose_answer_is_lost_holds() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let (ledger, row) = (Ledger::new(client, world.table()), unique("row"));
    let (_, lease) = attempt(&ledger).await;
    lossy.lose(1);
    let effect = done([add_one(world.payments(), &row)]);
    assert_eq!(
        settle(&ledger, &lease, effect, at(2)).await,
        Settled::Written
    );
    assert!(lossy.all_lost());
    assert_eq!(count(&world, &row).await, 1);
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
    let done = item(&ledger, &key).await.state;
    assert_eq!(done.status, Status::Done);
    assert_eq!(
        (done.overdue_at, done.due_at, done.cause),
        (None, None, None)
    );
}
