//! The processor's claim: one conditional write gives one attempt the event.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;

use super::error::LedgerError;
use super::item::Item;
use super::lease::Lease;
use super::status::Status;
use super::table::Ledger;
use super::token::token;
use super::transition;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// The result of a claim.
#[derive(Debug)]
pub enum Claim {
    /// The event is this attempt's.
    Mine(Lease, Box<Item>),
    /// The event is held by another attempt.
    Leased,
    /// The event has ended.
    Ended(Status),
    /// The event is not in the ledger.
    Unknown,
}

impl Ledger {
    /// Claims an event that waits, or whose last attempt's lease has run out, and brings its
    /// payload along.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether the claim holds; its lease then runs out.
    pub async fn claim(&self, key: &EventKey, now: Timestamp) -> Result<Claim, LedgerError> {
        let token = token();
        let update = transition::claim(&self.table, key, &token, now);
        let update = self.update(update, ReturnValue::AllNew).send().await;
        let lease = Lease {
            key: key.clone(),
            token,
        };
        let failed = match update {
            Ok(output) => {
                let item = Item::try_from(output.attributes.unwrap_or_default())?;
                return Ok(Claim::Mine(lease, Box::new(item)));
            }
            Err(error) => error,
        };
        let there = match failed.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(exception)) => {
                exception.item.clone()
            }
            _ => return Err(failed.into()),
        };
        let Some(there) = there.filter(|item| !item.is_empty()) else {
            return Ok(Claim::Unknown);
        };
        let there = Item::try_from(there)?;
        Ok(match there.status {
            // An earlier attempt of this very claim went through and its answer was lost.
            Status::Processing if there.token == lease.token => Claim::Mine(lease, Box::new(there)),
            Status::Received | Status::Processing => Claim::Leased,
            ended @ (Status::Done | Status::Ignored | Status::Failed) => Claim::Ended(ended),
        })
    }
}
