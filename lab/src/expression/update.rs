//! Updates: what becomes of an item. All operands mean the item as it was before.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Attributes;
use super::operand::{Scope, arguments, number, operand};
use super::tokens::Tokens;

/// The item after the update; nothing when an operand's attribute is missing.
pub(super) fn apply(
    expression: &str,
    scope: &Scope<'_>,
    mut item: Attributes,
) -> Option<Attributes> {
    let mut tokens = Tokens::of(expression);
    while tokens.peek().is_some() {
        let clause = tokens.take();
        loop {
            let path = scope.name(&operand(&mut tokens));
            match clause.as_str() {
                "SET" => {
                    tokens.expect("=");
                    item.insert(path, assigned(&mut tokens, scope)?);
                }
                "ADD" => {
                    let more = number(scope.value(&operand(&mut tokens))?)?;
                    let before = scope.value(&path).map_or(Some(0), number)?;
                    item.insert(path, AttributeValue::N((before + more).to_string()));
                }
                "REMOVE" => {
                    item.remove(&path);
                }
                other => panic!("no such clause: {other}"),
            }
            if !tokens.took(",") {
                break;
            }
        }
    }
    Some(item)
}

/// The right side of an assignment.
fn assigned(tokens: &mut Tokens, scope: &Scope<'_>) -> Option<AttributeValue> {
    let value = term(tokens, scope);
    let sign = match tokens.peek() {
        Some("+") => 1,
        Some("-") => -1,
        _ => return value,
    };
    tokens.take();
    let more = sign * number(&term(tokens, scope)?)?;
    Some(AttributeValue::N((number(&value?)? + more).to_string()))
}

/// A name, a value or a function of such.
fn term(tokens: &mut Tokens, scope: &Scope<'_>) -> Option<AttributeValue> {
    let word = operand(tokens);
    match word.as_str() {
        "list_append" => {
            tokens.expect("(");
            let first = term(tokens, scope);
            tokens.expect(",");
            let second = term(tokens, scope);
            tokens.expect(")");
            let list = |value: Option<AttributeValue>| value?.as_l().ok().cloned();
            Some(AttributeValue::L([list(first)?, list(second)?].concat()))
        }
        "if_not_exists" => {
            let [path, value] = <[String; 2]>::try_from(arguments(tokens)).expect("two");
            scope.value(&path).or_else(|| scope.value(&value)).cloned()
        }
        _ => scope.value(&word).cloned(),
    }
}
