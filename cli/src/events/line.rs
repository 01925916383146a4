//! An event in a list, as JSON has it.

use serde::Serialize;
use webhooks::ledger::{Status, Summary};

use crate::issue_key::issue_key;

/// An event in a list. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `provider/source/id`, which other commands take.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The source.
    pub source: String,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status.
    pub status: &'static str,
    /// The time of the first delivery.
    pub received_at: String,
    /// Attempts at processing.
    pub attempts: u32,
    /// Deliveries that changed nothing.
    pub duplicates: u32,
    /// The cause for which the last attempt did not succeed.
    pub cause: Option<String>,
    /// The issue that a failure belongs to.
    pub issue: Option<String>,
}

impl Line {
    /// The line of an event.
    pub fn of(summary: &Summary) -> Self {
        let cause = summary.cause.as_deref();
        let is_failed = summary.status == Status::Failed;
        Self {
            id: summary.key.to_string(),
            provider: summary.key.provider.clone(),
            source: summary.key.source.clone(),
            kind: summary.kind.clone(),
            status: summary.status.as_str(),
            received_at: summary.received_at.to_string(),
            attempts: summary.attempts,
            duplicates: summary.duplicates,
            cause: summary.cause.clone(),
            issue: is_failed.then(|| issue_key(&summary.kind, cause.unwrap_or_default())),
        }
    }
}
