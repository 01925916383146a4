//! A ledger of the first edition, moved over.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::event::EventKey;
use webhooks::ledger::{Claim, Ledger, Status, Turn};
use webhooks::timestamp::Timestamp;
use webhooks_cli::migrate::migrate;

use support::World;
use support::sample::{at, event, fresh_key, item, record};

/// An item as the first edition left it.
async fn first_edition(world: &World, ledger: &Ledger, table: &str, status: &str) -> EventKey {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: i64| AttributeValue::N(number.to_string());
    let entry = text(&format!("{} {status}", at(1).millis()));
    let update = world.dynamodb().update_item().table_name(table);
    update
        .key("pk", text(&key.to_string()))
        .update_expression(
            "SET #status = :status, attempts = :three, history = :history, cause = :cause, \
             overdue_at = :at, unsettled = :open, duplicates = :three",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":status", text(status))
        .expression_attribute_values(":three", number(3))
        .expression_attribute_values(":history", AttributeValue::L(vec![entry]))
        .expression_attribute_values(":cause", text("busy"))
        .expression_attribute_values(":at", number(at(2).millis()))
        .expression_attribute_values(":open", text("open#07"))
        .send()
        .await
        .expect("DynamoDB answers");
    key
}

#[tokio::test]
async fn every_event_keeps_its_end_and_what_is_open_is_due() {
    let world = World::enter().await;
    let table = world.own_table().await;
    let ledger = Ledger::new(world.dynamodb(), &table);
    let mut keys = Vec::new();
    for status in ["received", "processing", "done", "ignored", "failed"] {
        keys.push((status, first_edition(&world, &ledger, &table, status).await));
    }
    let before = item(&ledger, &keys[2].1).await.state;
    assert_eq!(
        (before.status, before.duplicates),
        (Status::Done, 3),
        "it is readable as it is"
    );
    assert_eq!(migrate(&ledger).await.expect("DynamoDB answers"), 5);
    assert_eq!(
        migrate(&ledger).await.expect("DynamoDB answers"),
        0,
        "once is enough"
    );
    for (status, key) in &keys {
        let there = item(&ledger, key).await.state;
        let claim = ledger.claim(key, Turn::Together, Timestamp::now()).await;
        let claim = claim.expect("DynamoDB answers");
        assert_eq!((there.attempts, there.duplicates), (3, 3));
        match *status {
            "received" | "processing" => {
                assert_eq!(there.status, Status::Waiting);
                assert!(matches!(claim, Claim::Mine(_)), "{claim:?}");
            }
            ended => {
                assert_eq!(there.status.as_str(), ended);
                assert_eq!(claim, Claim::Ended(there.status));
            }
        }
    }
    let reopened = ledger
        .reopen(&keys[4].1, "again", false, at(9), at(9))
        .await;
    assert!(
        reopened.expect("DynamoDB answers"),
        "a failed one starts again"
    );
}
