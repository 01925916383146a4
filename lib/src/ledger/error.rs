//! The failure of a call to the table.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::reader::UnreadableItem;
use crate::aws;

/// A call that DynamoDB did not answer well: it was unreachable, throttled, too slow, or refused. A
/// write may have taken place all the same.
#[derive(Debug, thiserror::Error)]
#[error("{}", told(.code))]
pub struct LedgerError {
    code: String,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl<E, R> From<SdkError<E, R>> for LedgerError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = aws::code(&error);
        Self {
            code,
            source: Box::new(error),
        }
    }
}

impl LedgerError {
    /// True if DynamoDB has answered, with an item that this version cannot read.
    pub fn is_unreadable(&self) -> bool {
        self.code == UNREADABLE
    }
}

fn told(code: &str) -> String {
    if code == UNREADABLE {
        "the ledger has an item that this version cannot read".to_owned()
    } else {
        format!("the ledger cannot be reached ({code})")
    }
}

/// The code of an item that this version cannot read.
const UNREADABLE: &str = "unreadable item";

impl From<UnreadableItem> for LedgerError {
    fn from(error: UnreadableItem) -> Self {
        Self {
            code: UNREADABLE.to_owned(),
            source: Box::new(error),
        }
    }
}
