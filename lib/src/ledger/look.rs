//! The relay's look at what was recorded a moment ago: whoever has no state by then, or goes on, is
//! listed in `overdue`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::attributes::{Attributes, PK, text};
use super::error::LedgerError;
use super::keys::{event_of, state_key};
use super::state::State;
use super::status::Status;
use super::table::Ledger;
use super::transition;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// Most keys of one BatchGetItem.
pub(super) const BATCH: usize = 100;

/// What a look has found of an event that has not ended and is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nobody has taken it.
    NotTaken,
    /// An attempt has it.
    Taken,
}

impl Ledger {
    /// Those of the events, at most 100, that nobody has taken, or whose first attempt goes on. What is
    /// read may be a moment old; [`Ledger::list_as_overdue`] asks again.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn look(&self, keys: &[EventKey]) -> Result<Vec<(EventKey, Look)>, LedgerError> {
        debug_assert!(keys.len() <= BATCH);
        let wanted = keys.iter().map(state_key).collect();
        let mut states = HashMap::new();
        let names = "pk, #status, overdue";
        for mut row in self.rows(wanted, names).await? {
            let listed = row.contains_key("overdue");
            let key = row.get(PK).and_then(|pk| event_of(pk.as_s().ok()?).ok());
            if let Some(key) = key {
                states.insert(key, (State::read(&mut row)?, listed));
            }
        }
        let look = |key: &EventKey| match states.get(key) {
            None => Some(Look::NotTaken),
            Some((state, _)) if state.status == Status::Received => Some(Look::NotTaken),
            Some((state, false)) if state.status == Status::Processing => Some(Look::Taken),
            Some(_) => None,
        };
        let open = keys
            .iter()
            .filter_map(|key| Some((key.clone(), look(key)?)));
        Ok(open.collect())
    }

    /// Lists an event in `overdue` that a look has found, if it stands as it did; says whether it
    /// did. It was recorded at `recorded_at`.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is listed.
    pub async fn list_as_overdue(
        &self,
        key: &EventKey,
        look: Look,
        recorded_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let update = match look {
            Look::NotTaken => transition::miss(&self.table, key, recorded_at, now),
            Look::Taken => transition::watch(&self.table, key),
        };
        self.written(update).await
    }

    /// The items with these keys that are there, at most 100 of them, with those attributes.
    pub(super) async fn rows(
        &self,
        keys: Vec<String>,
        attributes: &str,
    ) -> Result<Vec<Attributes>, LedgerError> {
        let keys = keys.into_iter();
        let keys = keys.map(|pk| Attributes::from([(PK.to_owned(), text(pk))]));
        let named = ["status", "type"].map(|name| (format!("#{name}"), name.to_owned()));
        let named = named
            .into_iter()
            .filter(|(name, _)| attributes.contains(name.as_str()));
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .projection_expression(attributes)
            .set_expression_attribute_names(Some(named.collect()))
            .build()
            .expect("the keys are set above");
        let mut pending = Some(HashMap::from([(self.table.clone(), wanted)]));
        let mut rows = Vec::new();
        while let Some(request) = pending.filter(|tables| !tables.is_empty()) {
            let request = self
                .client
                .batch_get_item()
                .set_request_items(Some(request));
            let output = request.send().await?;
            let found = output.responses.unwrap_or_default().remove(&self.table);
            rows.extend(found.unwrap_or_default());
            pending = output.unprocessed_keys;
        }
        Ok(rows)
    }
}
