//! A receiver's writes: the receipt of a new event, the count of a repeated one, the new life of one
//! that has failed.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, Update};

use super::attributes::text;
use super::contention::Contention;
use super::error::LedgerError;
use super::receipt::{Mark, PayloadTooLarge};
use super::replay::Replay;
use super::table::Ledger;
use super::transition;
use crate::event::{Event, EventKey};
use crate::timestamp::Timestamp;

/// The result of an attempt to record an event.
#[derive(Debug)]
pub enum Record {
    /// The event is recorded now, and was not before.
    New,
    /// The event was there already.
    Existing(Existing),
    /// The payload is larger than the item may take, and nothing was written.
    TooLarge,
}

/// An event that the ledger already had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existing {
    /// True if this delivery brought another body under the same id.
    pub conflict: bool,
}

impl Ledger {
    /// The commit point: puts the receipt with its payload, if there is none yet. `token` names this
    /// delivery, so that a repeated attempt recognises its own work; the payload takes `largest` bytes
    /// at most.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether the receipt is there.
    pub async fn record(
        &self,
        event: &Event<'_>,
        token: &str,
        expires_at: Timestamp,
        largest: usize,
    ) -> Result<Record, LedgerError> {
        let put = match transition::record(&self.table, event, token, expires_at, largest) {
            Ok(put) => put,
            Err(PayloadTooLarge) => return Ok(Record::TooLarge),
        };
        let put = self.put(put);
        let mut contention = Contention::begin();
        let failed = loop {
            let error = match put.clone().send().await {
                Ok(_) => return Ok(Record::New),
                Err(error) => error,
            };
            let conflict = error
                .as_service_error()
                .is_some_and(PutItemError::is_transaction_conflict_exception);
            if !conflict || !contention.try_again().await {
                break error;
            }
        };
        let there = match failed.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(exception)) => {
                exception.item.clone()
            }
            _ => return Err(failed.into()),
        };
        let there = Mark::of(&mut there.unwrap_or_default())?;
        if there.token == token {
            // An earlier attempt of this very put went through and its answer was lost.
            return Ok(Record::New);
        }
        Ok(Record::Existing(Existing {
            conflict: there.differs_from(event),
        }))
    }

    /// Starts a failed event again, if it is still failed; says whether this delivery did. `token`
    /// names it, as in [`Ledger::record`]; `conflict` says that it brought another body. What arrived is
    /// kept until `expires_at` from here on.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was started.
    pub async fn reopen(
        &self,
        key: &EventKey,
        token: &str,
        conflict: bool,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.extend(key, expires_at).await?;
        let update = transition::reopen(&self.table, key, token, conflict, now);
        self.start_again(update, token).await
    }

    /// The same by an operator, whose name and reason the history keeps.
    ///
    /// # Errors
    /// As [`Ledger::reopen`].
    pub async fn replay(
        &self,
        key: &EventKey,
        token: &str,
        by: &Replay,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.extend(key, expires_at).await?;
        let update = transition::replay(&self.table, key, token, by, now);
        self.start_again(update, token).await
    }

    async fn start_again(&self, update: Update, token: &str) -> Result<bool, LedgerError> {
        let update = self.update(update, ReturnValue::None).send().await;
        let Err(error) = update else {
            return Ok(true);
        };
        match error.as_service_error() {
            // Unless an earlier attempt of this very update went through and its answer was lost.
            Some(UpdateItemError::ConditionalCheckFailedException(exception)) => {
                let there = exception.item.as_ref().and_then(|item| item.get("token"));
                Ok(there == Some(&text(token)))
            }
            _ => Err(error.into()),
        }
    }

    /// Keeps what arrived until `expires_at`; nothing happens where it is not there any more.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is kept.
    pub async fn extend(&self, key: &EventKey, expires_at: Timestamp) -> Result<(), LedgerError> {
        let update = transition::extend(&self.table, key, expires_at);
        self.written(update).await.map(drop)
    }

    /// Counts a delivery that changed nothing.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was counted.
    pub async fn count_duplicate(
        &self,
        key: &EventKey,
        conflict: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let update = transition::count_duplicate(&self.table, key, conflict, now);
        self.update(update, ReturnValue::None).send().await?;
        Ok(())
    }
}
