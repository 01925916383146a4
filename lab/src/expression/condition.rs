//! Conditions: what must hold of an item.

use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;

use super::operand::{Scope, arguments, number, operand};
use super::tokens::Tokens;

/// A condition, read.
#[derive(Debug)]
pub enum Condition {
    /// One of two holds.
    Or(Box<Condition>, Box<Condition>),
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// Two values stand in one of these orders.
    Compares(String, &'static [Ordering], String),
    /// The item has the attribute.
    Exists(String),
    /// The item does not have the attribute.
    Absent(String),
    /// A text begins so.
    BeginsWith(String, String),
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Panics
    /// For a condition that the ledger does not use.
    pub fn parse(expression: &str) -> Self {
        let mut tokens = Tokens::of(expression);
        let condition = Self::either(&mut tokens);
        assert_eq!(tokens.peek(), None, "all of {expression} is read");
        condition
    }

    fn either(tokens: &mut Tokens) -> Self {
        let first = Self::both(tokens);
        if tokens.took("OR") {
            Self::Or(Box::new(first), Box::new(Self::either(tokens)))
        } else {
            first
        }
    }

    fn both(tokens: &mut Tokens) -> Self {
        let first = Self::one(tokens);
        if tokens.took("AND") {
            Self::And(Box::new(first), Box::new(Self::both(tokens)))
        } else {
            first
        }
    }

    fn one(tokens: &mut Tokens) -> Self {
        if tokens.took("(") {
            let inner = Self::either(tokens);
            tokens.expect(")");
            return inner;
        }
        let word = operand(tokens);
        if tokens.peek() == Some("(") {
            return Self::function(&word, &arguments(tokens));
        }
        let orders: &[Ordering] = match tokens.take().as_str() {
            "=" => &[Ordering::Equal],
            "<" => &[Ordering::Less],
            "<=" => &[Ordering::Less, Ordering::Equal],
            other => panic!("no such comparison: {other}"),
        };
        Self::Compares(word, orders, operand(tokens))
    }

    fn function(name: &str, arguments: &[String]) -> Self {
        match (name, arguments) {
            ("attribute_exists", [path]) => Self::Exists(path.clone()),
            ("attribute_not_exists", [path]) => Self::Absent(path.clone()),
            ("begins_with", [path, prefix]) => Self::BeginsWith(path.clone(), prefix.clone()),
            other => panic!("no such condition: {other:?}"),
        }
    }

    /// Whether it holds.
    pub fn holds(&self, scope: &Scope<'_>) -> bool {
        match self {
            Self::Or(one, other) => one.holds(scope) || other.holds(scope),
            Self::And(one, other) => one.holds(scope) && other.holds(scope),
            Self::Compares(one, orders, other) => {
                let order = scope.value(one).zip(scope.value(other));
                let order = order.and_then(|(one, other)| compare(one, other));
                order.is_some_and(|order| orders.contains(&order))
            }
            Self::Exists(path) => scope.value(path).is_some(),
            Self::Absent(path) => scope.value(path).is_none(),
            Self::BeginsWith(path, prefix) => {
                let text = |word: &String| scope.value(word)?.as_s().ok();
                let both = text(path).zip(text(prefix));
                both.is_some_and(|(text, prefix)| text.starts_with(prefix.as_str()))
            }
        }
    }
}

/// Values of different types do not compare.
fn compare(one: &AttributeValue, other: &AttributeValue) -> Option<Ordering> {
    match (one, other) {
        (AttributeValue::S(one), AttributeValue::S(other)) => Some(one.cmp(other)),
        (AttributeValue::N(_), AttributeValue::N(_)) => Some(number(one)?.cmp(&number(other)?)),
        _ => None,
    }
}
