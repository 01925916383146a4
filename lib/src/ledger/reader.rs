//! The reading of items.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::Attributes;

/// The item is not one that this version of the ledger writes.
#[derive(Debug, thiserror::Error)]
#[error("the item's attribute {0} is missing or unreadable")]
pub struct UnreadableItem(pub(super) &'static str);

/// Takes attributes out of an item by name and type.
pub(super) struct Reader<'a>(pub(super) &'a mut Attributes);

impl Reader<'_> {
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, UnreadableItem> {
        match self.0.remove(name) {
            Some(AttributeValue::S(value)) => Ok(value),
            _ => Err(UnreadableItem(name)),
        }
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<i64, UnreadableItem> {
        match self.0.remove(name) {
            Some(AttributeValue::N(value)) => value.parse().map_err(|_| UnreadableItem(name)),
            _ => Err(UnreadableItem(name)),
        }
    }

    /// A list of texts, which is empty where there is none.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let values = match self.0.remove(name) {
            Some(AttributeValue::L(values)) => values,
            _ => Vec::new(),
        };
        let texts = values.into_iter().filter_map(|value| match value {
            AttributeValue::S(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// A counter, which is not there while it is 0.
    pub(super) fn count(&mut self, name: &'static str) -> u32 {
        self.number(name)
            .ok()
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0)
    }

    pub(super) fn bytes(&mut self, name: &'static str) -> Result<Vec<u8>, UnreadableItem> {
        match self.0.remove(name) {
            Some(AttributeValue::B(value)) => Ok(value.into_inner()),
            _ => Err(UnreadableItem(name)),
        }
    }
}
