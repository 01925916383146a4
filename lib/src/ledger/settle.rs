//! The end of an attempt: what it writes depends on its token.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValue, TransactWriteItem, Update};

use super::claim::Lease;
use super::contention::Contention;
use super::item::{Attributes, Reader};
use super::{Ledger, LedgerError, transition};
use crate::timestamp::Timestamp;

/// How an attempt ends.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// Processed. The writes and the status commit together or not at all.
    Done(Vec<TransactWriteItem>),
    /// Nothing to do.
    Ignored,
    /// Not now: to be tried again after the pause.
    Retry {
        /// Why.
        cause: String,
        /// How long to wait.
        pause: Duration,
    },
    /// Not now, and the handler has not run: the attempt does not count.
    Released {
        /// Why.
        cause: String,
        /// How long to wait.
        pause: Duration,
    },
    /// Never.
    Failed {
        /// Why.
        cause: String,
    },
}

/// Whether a settlement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is written.
    Written,
    /// Another attempt has taken the event over; nothing was written.
    Lost,
    /// A condition of the handler's own writes did not hold, or other writes stayed in their way;
    /// nothing was written.
    EffectRefused,
}

impl Ledger {
    /// Ends an attempt, if the event is still its own.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is written; the lease then runs out.
    pub async fn settle(
        &self,
        lease: &Lease,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<Settled, LedgerError> {
        let update = transition::settle(&self.table, &lease.key, &lease.token, &settlement, now);
        match settlement {
            Settlement::Done(effect) if !effect.is_empty() => {
                self.commit(lease, update, effect).await
            }
            Settlement::Done(_)
            | Settlement::Ignored
            | Settlement::Retry { .. }
            | Settlement::Released { .. }
            | Settlement::Failed { .. } => self.write(lease, update).await,
        }
    }

    async fn write(&self, lease: &Lease, update: Update) -> Result<Settled, LedgerError> {
        let target = expected_status(&update);
        let written = self.update(update, ReturnValue::None).send().await;
        let Err(error) = written else {
            return Ok(Settled::Written);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(exception)) => Ok(
                settled_before(exception.item.clone(), lease, target.as_deref()),
            ),
            _ => Err(error.into()),
        }
    }

    /// The effect and the status in one transaction, tried again while another write is in the
    /// way: a duplicate that is counted, or another event with the same effect.
    async fn commit(
        &self,
        lease: &Lease,
        update: Update,
        effect: Vec<TransactWriteItem>,
    ) -> Result<Settled, LedgerError> {
        let target = expected_status(&update);
        let ours = effect.len();
        let transaction = self
            .client
            .transact_write_items()
            .set_transact_items(Some(effect))
            .transact_items(TransactWriteItem::builder().update(update).build());
        let mut contention = Contention::begin();
        loop {
            let Err(error) = transaction.clone().send().await else {
                return Ok(Settled::Written);
            };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(exception)) => {
                    exception.cancellation_reasons()
                }
                _ => return Err(error.into()),
            };
            let refused = |reason: &&CancellationReason| reason.code() == Some(CONDITION);
            if let Some(reason) = reasons.get(ours).filter(refused) {
                let there = reason.item().cloned();
                return Ok(settled_before(there, lease, target.as_deref()));
            }
            let condition = reasons.iter().any(|reason| refused(&reason));
            if condition || !contention.try_again().await {
                return Ok(Settled::EffectRefused);
            }
        }
    }
}

/// DynamoDB's code for a condition in a transaction that does not hold.
const CONDITION: &str = "ConditionalCheckFailed";

fn expected_status(update: &Update) -> Option<String> {
    let values = update.expression_attribute_values.as_ref()?;
    values.get(":status")?.as_s().ok().cloned()
}

/// The condition did not hold: either an earlier attempt of this very write went through and its
/// answer was lost, or somebody else has the event.
fn settled_before(there: Option<Attributes>, lease: &Lease, target: Option<&str>) -> Settled {
    let mut there: Attributes = there.unwrap_or_default();
    let mut reader = Reader(&mut there);
    let token = reader.text("token").ok();
    let status = reader.text("status").ok();
    match token.as_deref() == Some(&lease.token) && status.as_deref() == target {
        true => Settled::Written,
        false => Settled::Lost,
    }
}
