//! What the relay reads and moves on.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;

use super::item::{Attributes, Item, Reader};
use super::{Ledger, LedgerError, PK, UnreadableItem, Unsettled, number, text};
use crate::event::EventKey;
use crate::limits;
use crate::timestamp::Timestamp;

/// An event that should have ended by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Which one.
    pub key: EventKey,
    overdue_at: Timestamp,
    resends: u32,
}

impl Overdue {
    /// The pause before it is sent once more: doubles with every sending.
    fn pause(&self) -> Duration {
        limits::GRACE
            .saturating_mul(2_u32.saturating_pow(self.resends.saturating_add(1)))
            .min(limits::RESEND_PAUSE)
    }
}

impl Ledger {
    /// What is overdue at `now` in one of the [`super::UNSETTLED_SHARDS`], most overdue first, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn overdue(
        &self,
        shard: u8,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Overdue>, LedgerError> {
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("unsettled")
            .key_condition_expression("unsettled = :open AND overdue_at <= :now")
            .expression_attribute_values(":open", text(Unsettled::Open.partition(shard)))
            .expression_attribute_values(":now", number(now.millis()))
            .limit(limit)
            .send()
            .await?;
        let rows = output.items.unwrap_or_default().into_iter();
        Ok(rows.map(Overdue::try_from).collect::<Result<_, _>>()?)
    }

    /// Moves an overdue event on, if nobody else has, and gives it back to be sent.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was moved.
    pub async fn postpone(
        &self,
        overdue: &Overdue,
        now: Timestamp,
    ) -> Result<Option<Item>, LedgerError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(overdue.key.to_string()))
            .update_expression("SET overdue_at = :next ADD resends :one")
            .condition_expression("overdue_at = :seen AND begins_with(unsettled, :open)")
            .expression_attribute_values(":next", number(now.after(overdue.pause()).millis()))
            .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
            .expression_attribute_values(":open", text("open#"))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match update {
            Ok(output) => Ok(output.attributes.map(Item::try_from).transpose()?),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(error.into()),
            },
        }
    }
}

impl Ledger {
    /// Takes a postponement back, because the queue did not take the message: the next run finds the
    /// event at once, however often it was sent before.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was taken back; the event then waits for its
    /// pause.
    pub async fn restore(&self, overdue: &Overdue, postponed: &Item) -> Result<(), LedgerError> {
        let Some(next) = postponed.overdue_at else {
            return Ok(());
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(overdue.key.to_string()))
            .update_expression("SET overdue_at = :seen, resends = resends - :one")
            .condition_expression("overdue_at = :next AND begins_with(unsettled, :open)")
            .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
            .expression_attribute_values(":next", number(next.millis()))
            .expression_attribute_values(":open", text("open#"))
            .expression_attribute_values(":one", number(1))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // It has gone on, or this very update went through and its answer was lost.
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

impl TryFrom<Attributes> for Overdue {
    type Error = UnreadableItem;

    fn try_from(mut row: Attributes) -> Result<Self, UnreadableItem> {
        let mut row = Reader(&mut row);
        Ok(Self {
            key: row.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?,
            overdue_at: Timestamp::from_millis(row.number("overdue_at")?),
            resends: row.count("resends"),
        })
    }
}
