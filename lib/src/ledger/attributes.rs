//! The attributes of items: names and values.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// The attributes of an item.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// The name of the table's key.
pub(super) const PK: &str = "pk";

/// The attribute that names the id of a body.
pub(super) const FIRST_ID: &str = "first_id";

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
