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
    let word = operand(tokens);
    if word == "list_append" {
        let lists: Option<Vec<_>> = arguments(tokens)
            .iter()
            .map(|list| scope.value(list)?.as_l().ok().cloned())
            .collect();
        return Some(AttributeValue::L(lists?.concat()));
    }
    let value = scope.value(&word);
    let sign = match tokens.peek() {
        Some("+") => 1,
        Some("-") => -1,
        _ => return value.cloned(),
    };
    tokens.take();
    let more = sign * number(scope.value(&operand(tokens))?)?;
    Some(AttributeValue::N((number(value?)? + more).to_string()))
}
