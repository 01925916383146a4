//! What an expression's words stand for.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Attributes;
use super::tokens::Tokens;

/// An item, and the names and values that a request gives along.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The item, if there is one.
    pub item: Option<&'a Attributes>,
    /// Names of attributes.
    pub names: Option<&'a std::collections::HashMap<String, String>>,
    /// Values.
    pub values: Option<&'a Attributes>,
}

impl<'a> Scope<'a> {
    /// The attribute's name that a word means.
    pub(super) fn name(&self, word: &str) -> String {
        if word.starts_with('#') {
            self.names.expect("names")[word].clone()
        } else {
            word.to_owned()
        }
    }

    /// The value that a word means, or nothing where the item has no such attribute.
    pub(super) fn value(&self, word: &str) -> Option<&'a AttributeValue> {
        if word.starts_with(':') {
            Some(&self.values.expect("values")[word])
        } else {
            self.item?.get(&self.name(word))
        }
    }
}

/// A name or a value.
pub(super) fn operand(tokens: &mut Tokens) -> String {
    let word = tokens.take();
    let good = |character: char| character.is_alphanumeric() || "#:_".contains(character);
    assert!(word.chars().all(good), "{word} is no operand");
    word
}

/// The arguments of a function, whose name was taken.
pub(super) fn arguments(tokens: &mut Tokens) -> Vec<String> {
    tokens.expect("(");
    let mut words = vec![operand(tokens)];
    while tokens.took(",") {
        words.push(operand(tokens));
    }
    tokens.expect(")");
    words
}

/// The number that a value is.
pub(super) fn number(value: &AttributeValue) -> Option<i64> {
    value.as_n().ok().map(|number| {
        number
            .parse()
            .expect("the ledger's numbers are whole and small")
    })
}
