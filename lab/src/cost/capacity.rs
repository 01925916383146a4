//! The number of write units that DynamoDB counts for a write
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>): a
//! unit for each kilobyte of the larger of the item before and the item after, and for each index
//! one for a new entry, one for an entry that goes, one for an entry whose content changes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use webhooks_cli::template::Template;

/// An item's attributes.
pub type Item = HashMap<String, AttributeValue>;

/// A table's indexes: the attributes that each has of an item, its keys first.
#[derive(Clone, Debug)]
pub struct Indexes(BTreeMap<String, Index>);

#[derive(Clone, Debug)]
struct Index {
    keys: Vec<String>,
    projected: Vec<String>,
}

/// Write units of one write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Of the table.
    pub table: u32,
    /// Of all its indexes.
    pub indexes: u32,
}

impl Units {
    /// Table and indexes.
    pub fn all(self) -> f64 {
        f64::from(self.table + self.indexes)
    }
}

impl Indexes {
    /// The indexes of a table of the template.
    pub fn of(template: &Template, table: &str) -> Self {
        let properties = template.properties(table);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let key: Vec<String> = list(&properties["KeySchema"])
            .iter()
            .map(|key| text(&key["AttributeName"]))
            .collect();
        let indexes = list(&properties["GlobalSecondaryIndexes"]);
        let index = |index: &Value| {
            let keys: Vec<String> = list(&index["KeySchema"])
                .iter()
                .map(|key| text(&key["AttributeName"]))
                .collect();
            let others = list(&index["Projection"]["NonKeyAttributes"]);
            let projected = keys.iter().chain(&key).cloned();
            let projected = projected.chain(others.iter().map(text)).collect();
            (text(&index["IndexName"]), Index { keys, projected })
        };
        Self(indexes.iter().map(index).collect())
    }

    /// The units of a write that made `after` of `before`.
    pub fn units(&self, before: Option<&Item>, after: &Item) -> Units {
        let larger = before.map_or(0, size).max(size(after));
        let indexes = self.0.values().map(|index| index.units(before, after));
        Units {
            table: kilobytes(larger),
            indexes: indexes.sum(),
        }
    }

    /// Bytes that an item and its entries in all indexes keep.
    pub fn kept(&self, item: &Item) -> usize {
        let entries = self.0.values().filter_map(|index| index.entry(item));
        let entries = entries.map(|entry| size(&entry) + STORED);
        size(item) + STORED + entries.sum::<usize>()
    }
}

impl Index {
    fn entry(&self, item: &Item) -> Option<Item> {
        let has_keys = self.keys.iter().all(|key| item.contains_key(key));
        let attribute = |name: &String| Some((name.clone(), item.get(name)?.clone()));
        has_keys.then(|| self.projected.iter().filter_map(attribute).collect())
    }

    fn units(&self, before: Option<&Item>, after: &Item) -> u32 {
        let before = before.and_then(|item| self.entry(item));
        let moved = |before: &Item, after: &Item| {
            self.keys
                .iter()
                .any(|key| before.get(key) != after.get(key))
        };
        match (before, self.entry(after)) {
            (None, None) => 0,
            (Some(entry), None) | (None, Some(entry)) => kilobytes(size(&entry)),
            (Some(before), Some(after)) if before == after => 0,
            (Some(before), Some(after)) if moved(&before, &after) => {
                kilobytes(size(&before)) + kilobytes(size(&after))
            }
            (Some(before), Some(after)) => kilobytes(size(&before).max(size(&after))),
        }
    }
}

/// Bytes that are added to an item, and to an entry of an index, where it is kept and not written
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
const STORED: usize = 100;

fn kilobytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)
}

/// Bytes of an item: names and values
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
pub fn size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + length(value))
        .sum()
}

fn length(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(number) => digits(number),
        AttributeValue::L(values) => {
            3 + values.iter().map(|value| 1 + length(value)).sum::<usize>()
        }
        AttributeValue::M(values) => {
            let entry = |(name, value): (&String, &AttributeValue)| 1 + name.len() + length(value);
            3 + values.iter().map(entry).sum::<usize>()
        }
        _ => 1,
    }
}

/// One byte for each two significant digits, and one more; another one where it is negative.
fn digits(number: &str) -> usize {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    significant.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
}
