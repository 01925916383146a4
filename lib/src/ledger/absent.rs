//! The reconciler's question: which of these events has the ledger never had?

use std::collections::BTreeSet;

use super::attributes::PK;
use super::error::LedgerError;
use super::keys::receipt_key;
use super::look::BATCH;
use super::table::Ledger;
use crate::event::EventKey;

impl Ledger {
    /// Those of the events of which there is no receipt. What is read may be a moment old.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn absent(
        &self,
        keys: &BTreeSet<EventKey>,
    ) -> Result<BTreeSet<EventKey>, LedgerError> {
        let mut absent = keys.clone();
        let wanted: Vec<_> = keys.iter().map(receipt_key).collect();
        for group in wanted.chunks(BATCH) {
            for row in self.rows(group.to_vec(), PK).await? {
                let there = row.get(PK).and_then(|pk| pk.as_s().ok()?.parse().ok());
                there.map(|key: EventKey| absent.remove(&key));
            }
        }
        Ok(absent)
    }
}
