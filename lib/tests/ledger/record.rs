//! What receivers write: new events, and the counts of repeated ones.

use std::borrow::Cow;

use futures::future::join_all;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Existing, Ledger, Record, Settlement, Status};
use webhooks::limits::ITEM_PAYLOAD_AT_MOST;

use crate::support::World;
use crate::support::broken::{Closed, Lossy};
use crate::support::sample::{
    FAR, START, at, end, event, event_of, fresh_key, item, noise, record,
};

async fn record_again(ledger: &Ledger, event: &Event<'_>) -> Existing {
    match ledger
        .record(event, "another receipt", FAR, ITEM_PAYLOAD_AT_MOST)
        .await
    {
        Ok(Record::Existing(existing)) => existing,
        other => panic!("not there before: {other:?}"),
    }
}

fn with_payload(key: &EventKey, bytes: &[u8]) -> Event<'static> {
    event_of(key, "github.push", START, bytes)
}

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let error = ledger
        .record(&event(&fresh_key()), "token", FAR, ITEM_PAYLOAD_AT_MOST)
        .await;
    let error = error.expect_err("nobody listens");
    assert_eq!(
        error.to_string(),
        "the ledger cannot be reached (no connection)"
    );
}

#[tokio::test]
async fn refuses_a_payload_that_does_not_fit_an_item_even_compressed() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    let event = with_payload(&key, &noise(ITEM_PAYLOAD_AT_MOST + 1));
    let record = ledger
        .record(&event, "token", FAR, ITEM_PAYLOAD_AT_MOST)
        .await;
    assert!(matches!(record, Ok(Record::TooLarge)), "{record:?}");
    assert_eq!(ledger.find(&key).await.expect("DynamoDB answers"), None);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_a_conflict_and_changes_nothing() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let before = item(&ledger, &key).await;
    let existing = record_again(&ledger, &with_payload(&key, b"{}")).await;
    assert_eq!(existing, Existing { conflict: true });
    assert_eq!(item(&ledger, &key).await, before);
}

#[tokio::test]
async fn a_duplicate_is_one_wherever_the_event_stands() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let duplicate = Existing { conflict: false };
    assert_eq!(record_again(&ledger, &event(&key)).await, duplicate);
    end(&ledger, &key, Settlement::Ignored, at(1)).await;
    let before = item(&ledger, &key).await;
    assert_eq!(record_again(&ledger, &event(&key)).await, duplicate);
    assert_eq!(item(&ledger, &key).await, before);
}

#[tokio::test]
async fn a_duplicate_is_one_though_the_payload_cannot_be_read() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    world.set_encoding(world.table(), &key, "later").await;
    let error = ledger.find(&key).await.expect_err("nobody can unpack it");
    assert!(error.is_unreadable(), "{error}");
    let duplicate = Existing { conflict: false };
    assert_eq!(record_again(&ledger, &event(&key)).await, duplicate);
}

#[tokio::test]
async fn twenty_receipts_at_once_make_one_item() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    let event = event(&key);
    let records = join_all((0..20).map(|receipt: u32| {
        let (ledger, event) = (&ledger, &event);
        async move {
            ledger
                .record(event, &receipt.to_string(), FAR, ITEM_PAYLOAD_AT_MOST)
                .await
        }
    }));
    let records = records.await;
    let new = |record: &&Result<Record, _>| matches!(record, Ok(Record::New));
    let existing = |record: &&Result<Record, _>| matches!(record, Ok(Record::Existing(_)));
    assert_eq!(records.iter().filter(new).count(), 1);
    assert_eq!(records.iter().filter(existing).count(), 19);
}

#[tokio::test]
async fn a_receipt_that_lost_the_answer_knows_its_own_item() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let (ledger, key) = (Ledger::new(client, world.table()), fresh_key());
    lossy.lose(1);
    record(&ledger, &event(&key)).await;
    assert!(lossy.all_lost());
}

#[tokio::test]
async fn a_new_event_waits_for_the_processor() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let item = item(&ledger, &key).await;
    assert_eq!(item.receipt.event, event(&key));
    assert_eq!(
        (item.state.status, item.state.attempts),
        (Status::Received, 0)
    );
    assert_eq!(
        (
            item.state.duplicates,
            item.state.conflicts,
            item.state.redeliveries
        ),
        (0, 0, 0)
    );
    assert_eq!((item.state.due_at, item.state.overdue_at), (None, None));
    assert_eq!(item.state.history, ["2026-01-01T00:00:00.000Z received"]);
    assert_eq!(world.state_item(world.table(), &key).await, None);
}

#[tokio::test]
async fn gives_every_payload_back_byte_for_byte() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let repetitive = format!("[{}0]", r#"{"a":"b"},"#.repeat(100_000));
    let largest = noise(ITEM_PAYLOAD_AT_MOST);
    let not_utf8 = b"a=1&b=\xff\xfe\x00";
    for bytes in [
        b"".as_slice(),
        "{\"ä\": 1}".as_bytes(),
        not_utf8,
        repetitive.as_bytes(),
        &largest,
    ] {
        let key = fresh_key();
        record(&ledger, &with_payload(&key, bytes)).await;
        let payload = item(&ledger, &key).await.receipt.event.payload().clone();
        assert!(
            payload.bytes == bytes,
            "{} bytes came back as others",
            bytes.len()
        );
        assert_eq!(payload.media_type, Cow::Borrowed("application/json"));
    }
}

#[tokio::test]
async fn counts_duplicates_and_conflicts() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let counts = [false, true, false].map(|conflict| ledger.count_duplicate(&key, conflict, at(1)));
    for counted in join_all(counts).await {
        counted.expect("DynamoDB answers");
    }
    let state = item(&ledger, &key).await.state;
    assert_eq!((state.duplicates, state.conflicts), (3, 1));
    assert_eq!((state.status, state.history.len()), (Status::Received, 1));
}

#[tokio::test]
async fn a_duplicate_that_is_counted_makes_no_event() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    let counted = ledger.count_duplicate(&key, false, at(1)).await;
    counted.expect("DynamoDB answers");
    assert_eq!(ledger.find(&key).await.expect("DynamoDB answers"), None);
    let state = ledger.state(&key).await.expect("DynamoDB answers");
    assert_eq!((state.status, state.duplicates), (Status::Received, 1));
}
