//! The writes of a handler that commit together with the status of its event.

use aws_sdk_dynamodb::types::TransactWriteItem;

/// The most writes of a handler in one transaction: DynamoDB takes 100, and one is the status
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
pub(super) const MOST: usize = 99;

/// The writes of a handler that commit together with the status of its event: exactly once.
#[derive(Clone, Debug, Default)]
pub struct Writes(Vec<TransactWriteItem>);

/// A handler has more writes than one transaction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} writes, of which a transaction takes {MOST}")]
pub struct TooManyWrites(pub usize);

impl Writes {
    /// No writes.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The writes.
    pub fn items(&self) -> &[TransactWriteItem] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_items(self) -> Vec<TransactWriteItem> {
        self.0
    }
}

impl From<TransactWriteItem> for Writes {
    fn from(write: TransactWriteItem) -> Self {
        Self(vec![write])
    }
}

impl TryFrom<Vec<TransactWriteItem>> for Writes {
    type Error = TooManyWrites;

    fn try_from(writes: Vec<TransactWriteItem>) -> Result<Self, TooManyWrites> {
        match writes.len() {
            0..=MOST => Ok(Self(writes)),
            more => Err(TooManyWrites(more)),
        }
    }
}
