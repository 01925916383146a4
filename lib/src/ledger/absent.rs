//! The reconciler's question: which of these events has the ledger never had?

use std::collections::HashSet;

use super::attributes::PK;
use super::error::LedgerError;
use super::keys::receipt_key;
use super::look::BATCH;
use super::table::Ledger;
use crate::event::EventKey;

impl Ledger {
    /// Those of the events of which there is no receipt, in their order and each once. What is read may be
    /// a moment old.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn absent(&self, keys: &[EventKey]) -> Result<Vec<EventKey>, LedgerError> {
        let mut seen = HashSet::new();
        let keys: Vec<_> = keys.iter().filter(|key| seen.insert(*key)).collect();
        let mut absent = Vec::new();
        for group in keys.chunks(BATCH) {
            let wanted = group.iter().map(|key| receipt_key(key)).collect();
            let rows = self.rows(wanted, PK).await?;
            let names = rows.iter().filter_map(|row| row.get(PK)?.as_s().ok());
            let there: HashSet<&String> = names.collect();
            let missing = group
                .iter()
                .filter(|key| !there.contains(&receipt_key(key)));
            absent.extend(missing.map(|key| (*key).clone()));
        }
        Ok(absent)
    }
}
