//! A body held against replays: it belongs to the first id under which it came, for the retention.

use aws_sdk_dynamodb::operation::put_item::PutItemError;

use super::attributes::FIRST_ID;
use super::error::LedgerError;
use super::table::Ledger;
use super::transition;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// The owner of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The event whose delivery this is, from now on or before.
    Ours,
    /// Another event.
    Known {
        /// The id under which the body came first.
        first_id: String,
    },
}

impl Ledger {
    /// Claims a body for an event's id. This comes before the event is recorded: who crashes
    /// between the two has acknowledged nothing, and a redelivery under the same id finds the body
    /// its own.
    ///
    /// # Errors
    /// [`LedgerError`] when the owner is not known.
    pub async fn claim_body(
        &self,
        key: &EventKey,
        digest: [u8; 32],
        expires_at: Timestamp,
    ) -> Result<Body, LedgerError> {
        let put = transition::claim_body(&self.table, key, digest, expires_at);
        let Err(error) = self.put(put).send().await else {
            return Ok(Body::Ours);
        };
        let there = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(there)) => there.item.as_ref(),
            _ => return Err(error.into()),
        };
        let first_id = there.and_then(|item| item.get(FIRST_ID)?.as_s().ok());
        Ok(Body::Known {
            first_id: first_id.cloned().unwrap_or_default(),
        })
    }
}
