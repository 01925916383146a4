//! The commit point: the event in the ledger, its payload in the bucket before it where that is
//! too large for an item.

use crate::bucket::{Bucket, BucketError};
use crate::event::Event;
use crate::ledger::{Ledger, LedgerError, Record};
use crate::timestamp::Timestamp;
use crate::{faults, limits, packing};

/// An event of which it is not known that it is recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// DynamoDB did not do it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// S3 did not take the payload, and it is too large for an item; nothing points to it.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// S3 did not take the payload, and DynamoDB did not do it either.
    #[error("neither the bucket nor the ledger took it: {0}")]
    Neither(LedgerError),
}

/// Records an event as [`Ledger::record`] does, whatever its size: a large payload goes to the bucket
/// first, or into the item all the same if the bucket does not take it and the item can.
///
/// # Errors
/// [`NotRecorded`].
pub async fn record(
    ledger: &Ledger,
    bucket: &Bucket,
    event: &mut Event<'_>,
    token: &str,
    expires_at: Timestamp,
) -> Result<Record, NotRecorded> {
    let is_large = || packing::stored(event).bytes.len() > limits::ITEM_PAYLOAD;
    let kept = if event.payload.object.is_none() && is_large() {
        let kept = bucket.keep(event).await;
        faults::point("receive::kept");
        kept
    } else {
        Ok(())
    };
    let largest = limits::ITEM_PAYLOAD_AT_MOST;
    let recorded = ledger.record(event, token, expires_at, largest).await;
    match (kept, recorded) {
        (Ok(()), recorded) => Ok(recorded?),
        (Err(failure), Ok(Record::TooLarge)) => Err(failure.into()),
        (Err(_), recorded) => recorded.map_err(NotRecorded::Neither),
    }
}
