//! A handler's writes, and what became of them.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};

use super::World;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Adds one to the row of that name.
pub(crate) fn add_one(table: &str, row: &str) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(table)
        .key("payment_id", text(row))
        .update_expression("ADD events :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .build()
        .expect("key, table and expression are set");
    TransactWriteItem::builder().update(update).build()
}

/// Demands that the row of that name is there.
pub(crate) fn demand(table: &str, row: &str) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key("payment_id", text(row))
        .condition_expression("attribute_exists(payment_id)")
        .build()
        .expect("key, table and condition are set");
    TransactWriteItem::builder().condition_check(check).build()
}

/// How often the row of that name had one added.
pub(crate) async fn count(world: &World, row: &str) -> u32 {
    let get = world.dynamodb().get_item().table_name(world.payments());
    let get = get.key("payment_id", text(row)).consistent_read(true);
    let row = get
        .send()
        .await
        .expect("DynamoDB answers")
        .item
        .unwrap_or_default();
    let count = row
        .get("events")
        .and_then(|value| value.as_n().ok()?.parse().ok());
    count.unwrap_or(0)
}
