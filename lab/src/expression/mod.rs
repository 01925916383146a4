//! DynamoDB's expressions, as far as the ledger uses them: what a write does to an item. The model of
//! the protocol and the simulation evaluate the product's own with it.
//!
//! `lib/tests/ledger/expressions.rs` holds this against the emulator.

mod condition;
mod operand;
mod tokens;
mod update;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};

pub use condition::Condition;
pub use operand::Scope;

/// An item, or the names and values of an expression.
pub type Attributes = HashMap<String, AttributeValue>;

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The item as it is now.
    Item(Attributes),
    /// The condition did not hold.
    Refused,
    /// The expression needs an attribute that the item has not: DynamoDB calls that a mistake.
    Invalid,
}

/// What a put of an item makes of what is there.
pub fn put(put: &Put, there: Option<&Attributes>) -> Written {
    let scope = Scope {
        item: there,
        names: put.expression_attribute_names.as_ref(),
        values: put.expression_attribute_values.as_ref(),
    };
    if holds(put.condition_expression.as_deref(), &scope) {
        Written::Item(put.item.clone())
    } else {
        Written::Refused
    }
}

/// Updates the item that is there, or makes one of the key alone.
pub fn update(update: &Update, there: Option<&Attributes>) -> Written {
    let scope = Scope {
        item: there,
        names: update.expression_attribute_names.as_ref(),
        values: update.expression_attribute_values.as_ref(),
    };
    if !holds(update.condition_expression.as_deref(), &scope) {
        return Written::Refused;
    }
    let item = there.unwrap_or(&update.key).clone();
    match update::apply(&update.update_expression, &scope, item) {
        Some(item) => Written::Item(item),
        None => Written::Invalid,
    }
}

fn holds(condition: Option<&str>, scope: &Scope<'_>) -> bool {
    condition.is_none_or(|condition| Condition::parse(condition).holds(scope))
}
