//! What a receiver writes: a new event, a repeated one, one that starts again.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::contention::Contention;
use super::item::{Item, PayloadTooLarge, new_item};
use super::{Ledger, LedgerError, PK, Status, Unsettled, entry, number, text};
use crate::event::{Event, EventKey};
use crate::limits;
use crate::timestamp::Timestamp;

/// What became of an attempt to record an event.
#[derive(Debug)]
pub enum Record {
    /// It is recorded now, and was not before.
    New,
    /// It was there already.
    Existing(Existing),
    /// Its payload fits no item, and nothing was written: it has to go to the bucket first.
    TooLarge,
}

/// What the ledger already had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Where the event stands.
    pub status: Status,
    /// Whether this delivery brought another body under the same id.
    pub conflict: bool,
}

impl Ledger {
    /// The commit point of a receipt: puts the item with its payload, if there is none yet.
    /// `token` names this receipt, so that a repeated attempt recognises its own work.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether the item is there.
    pub async fn record(
        &self,
        event: &Event<'_>,
        token: &str,
        expires_at: Timestamp,
    ) -> Result<Record, LedgerError> {
        let item = match new_item(event, token, expires_at) {
            Ok(item) => item,
            Err(PayloadTooLarge) => return Ok(Record::TooLarge),
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
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
        let there = Item::try_from(there.unwrap_or_default())?;
        if there.token == token {
            // An earlier attempt of this very put went through and its answer was lost.
            return Ok(Record::New);
        }
        Ok(Record::Existing(Existing {
            status: there.status,
            conflict: there.digest != event.payload.digest(),
        }))
    }

    /// Starts a failed event again, if it is still failed; says whether this receipt did. `token`
    /// names it, as in [`Ledger::record`].
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was started.
    pub async fn reopen(
        &self,
        key: &EventKey,
        token: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let pk = key.to_string();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(&pk))
            .update_expression(
                "SET #status = :received, #token = :token, attempts = :zero, overdue_at = :overdue, \
                 unsettled = :open, expires_at = :expires, history = list_append(history, :entry) \
                 ADD redeliveries :one REMOVE cause, lease_until",
            )
            .condition_expression("#status = :failed")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", text(token))
            .expression_attribute_values(":expires", number(expires_at.seconds()))
            .expression_attribute_values(":received", text(Status::Received.as_str()))
            .expression_attribute_values(":failed", text(Status::Failed.as_str()))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":overdue", number(now.after(limits::GRACE).millis()))
            .expression_attribute_values(":open", Unsettled::Open.of(&pk))
            .expression_attribute_values(":entry", entry(now, "received again"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
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
        let counters = if conflict {
            "duplicates :one, conflicts :one"
        } else {
            "duplicates :one"
        };
        self.client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(key.to_string()))
            .update_expression(format!("SET repeated_at = :now ADD {counters}"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await?;
        Ok(())
    }
}
