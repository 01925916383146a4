//! The processor's claim: one conditional write gives one attempt the event.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;

use super::attributes::Attributes;
use super::error::LedgerError;
use super::lease::{Held, Lease};
use super::state::State;
use super::status::Status;
use super::table::Ledger;
use super::token::token;
use super::transition;
use super::turn::Turn;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// The result of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The event is this attempt's.
    Mine(Lease),
    /// The event is held by another attempt.
    Leased,
    /// The last attempt's lease has run out, and it has not said how it ended: the event is for a later
    /// [`Turn`].
    Silent,
    /// The event waits until then.
    NotDue(Timestamp),
    /// The event has ended.
    Ended(Status),
}

impl Ledger {
    /// Claims an event that nobody has taken yet, that waits and is due, or, where the turn allows it,
    /// whose last attempt's lease has run out. Whether there is a receipt is not asked.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether the claim holds; its lease then runs out.
    pub async fn claim(
        &self,
        key: &EventKey,
        turn: Turn,
        now: Timestamp,
    ) -> Result<Claim, LedgerError> {
        self.claim_as(&token(), key, turn, now).await
    }

    /// The same under a token that nobody else has: a claim of that token whose answer was lost is known
    /// again.
    ///
    /// # Errors
    /// As [`Ledger::claim`].
    pub async fn claim_as(
        &self,
        token: &str,
        key: &EventKey,
        turn: Turn,
        now: Timestamp,
    ) -> Result<Claim, LedgerError> {
        let update = transition::claim(&self.table, key, token, turn, now);
        let update = self.update(update, ReturnValue::AllNew).send().await;
        let error = match update {
            Ok(output) => return mine(key, output.attributes),
            Err(error) => error,
        };
        let there = match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => refused.item.clone(),
            _ => return Err(error.into()),
        };
        let state = State::read(&mut there.clone().unwrap_or_default())?;
        Ok(match state.status {
            // An earlier attempt of this very claim went through and its answer was lost.
            Status::Processing if state.token.as_deref() == Some(token) => {
                return mine(key, there);
            }
            Status::Processing if state.due_at.is_some_and(|lease| lease <= now) => Claim::Silent,
            Status::Received | Status::Processing => Claim::Leased,
            Status::Waiting => Claim::NotDue(state.due_at.unwrap_or(now)),
            ended @ (Status::Done | Status::Ignored | Status::Failed) => Claim::Ended(ended),
        })
    }
}

fn mine(key: &EventKey, attributes: Option<Attributes>) -> Result<Claim, LedgerError> {
    let state = State::read(&mut attributes.unwrap_or_default())?;
    Ok(Claim::Mine(Lease {
        key: key.clone(),
        token: state.token.unwrap_or_default(),
        held: Held {
            attempts: state.attempts,
            alone: state.alone,
            put_back: state.put_back,
            history: state.history,
        },
    }))
}
