//! The records of a batch, as Lambda hands them over.

use std::collections::HashMap;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};

/// A record has no id, so it cannot be reported by itself; the whole batch has to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record has no message id")]
pub struct NoMessageId;

/// A record with an id.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) receipt_handle: Option<String>,
    /// The X-Ray trace header that its sender gave it.
    pub(super) trace: Option<String>,
    received: u32,
}

impl Incoming {
    fn of(record: SqsMessage) -> Result<Self, NoMessageId> {
        let id = record.message_id.filter(|id| !id.is_empty());
        let attribute = |name: &str| attribute(&record.attributes, name);
        Ok(Self {
            id: id.ok_or(NoMessageId)?,
            trace: attribute("AWSTraceHeader"),
            received: attribute("ApproximateReceiveCount")
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
            body: record.body.unwrap_or_default(),
            receipt_handle: record.receipt_handle,
        })
    }

    /// True if it has not been received before: nothing has gone wrong with it yet.
    pub(super) const fn is_fresh(&self) -> bool {
        self.received <= 1
    }
}

fn attribute(attributes: &HashMap<String, String>, name: &str) -> Option<String> {
    attributes.get(name).cloned()
}

/// The records of a batch, in random order: no event is always behind the same one.
///
/// # Errors
/// [`NoMessageId`] when one has none.
pub(super) fn records(batch: SqsEvent) -> Result<Vec<Incoming>, NoMessageId> {
    let records = batch.records.into_iter().map(Incoming::of);
    let mut records: Vec<Incoming> = records.collect::<Result<_, _>>()?;
    fastrand::shuffle(&mut records);
    Ok(records)
}
