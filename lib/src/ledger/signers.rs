//! The secrets that have signed what a source received: the evidence for the end of a rotation.

use super::attributes::Attributes;
use super::error::LedgerError;
use super::keys::receipt_key;
use super::listing::Listing;
use super::look::BATCH;
use super::reader::{Reader, UnreadableItem};
use super::receipt::{ORIGIN, SIGNED_BY};
use super::table::Ledger;
use crate::origin::Origin;
use crate::secret_line::SecretLine;
use crate::timestamp::Timestamp;

/// An event, and the secret that has signed its first delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The time of receipt.
    pub received_at: Timestamp,
    /// The place of the secret; none of what was recorded before receipts said it.
    pub by: Option<SecretLine>,
    /// The way on which it came: what was not delivered, nobody has signed.
    pub origin: Origin,
}

impl Signer {
    fn read(mut row: Attributes) -> Result<Self, UnreadableItem> {
        let mut row = Reader(&mut row);
        Ok(Self {
            received_at: Timestamp::from_millis(row.number("received_at")?),
            by: row.text(SIGNED_BY).ok().and_then(|text| text.parse().ok()),
            origin: Origin::of(row.text(ORIGIN).ok().as_deref()),
        })
    }
}

impl Ledger {
    /// The signers of the events that a listing asks for, whatever their status, in no order.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn signers(&self, listing: &Listing) -> Result<Vec<Signer>, LedgerError> {
        let mut keys = self.by_source(listing).await?;
        keys.truncate(listing.limit);
        let mut signers = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let wanted = batch.iter().map(receipt_key).collect();
            let names = format!("received_at, {ORIGIN}, {SIGNED_BY}");
            for row in self.rows(wanted, &names).await? {
                signers.push(Signer::read(row)?);
            }
        }
        Ok(signers)
    }
}
