//! The commit point: the event in the ledger, its payload in the bucket before it where no item
//! holds it.

use crate::bucket::{Bucket, BucketError};
use crate::event::Event;
use crate::faults;
use crate::ledger::{Ledger, LedgerError, Record};
use crate::timestamp::Timestamp;

/// It is not known that the event is recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// DynamoDB did not do it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// S3 did not take the payload, so nothing points to it.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// Records an event as [`Ledger::record`] does, whatever its size.
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
    match ledger.record(event, token, expires_at).await? {
        Record::TooLarge => {
            bucket.keep(event).await?;
            faults::point("receive::kept");
            Ok(ledger.record(event, token, expires_at).await?)
        }
        recorded @ (Record::New | Record::Existing(_)) => Ok(recorded),
    }
}
