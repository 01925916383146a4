//! The write that ends an attempt, if the token is still its own.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValue, TransactWriteItem, Update};

use super::attributes::Attributes;
use super::contention::Contention;
use super::error::LedgerError;
use super::lease::Lease;
use super::reader::Reader;
use super::settlement::Settlement;
use super::status::Status;
use super::table::Ledger;
use super::transition;
use crate::timestamp::Timestamp;

/// The result of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The settlement is written.
    Written,
    /// The event was taken over by another attempt; nothing was written.
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
        let target = settlement.status();
        match settlement {
            Settlement::Done(effect) if !effect.is_empty() => {
                self.commit(lease, update, target, effect).await
            }
            Settlement::Done(_)
            | Settlement::Ignored
            | Settlement::Retry { .. }
            | Settlement::Released { .. }
            | Settlement::Failed { .. } => self.write(lease, update, target).await,
        }
    }

    async fn write(
        &self,
        lease: &Lease,
        update: Update,
        target: Status,
    ) -> Result<Settled, LedgerError> {
        let written = self.update(update, ReturnValue::None).send().await;
        let Err(error) = written else {
            return Ok(Settled::Written);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(exception)) => {
                Ok(settled_before(exception.item.clone(), lease, target))
            }
            _ => Err(error.into()),
        }
    }

    /// The effect and the status in one transaction, tried again while another write is in the
    /// way: a duplicate that is counted, or another event with the same effect.
    async fn commit(
        &self,
        lease: &Lease,
        update: Update,
        target: Status,
        effect: Vec<TransactWriteItem>,
    ) -> Result<Settled, LedgerError> {
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
                return Ok(settled_before(there, lease, target));
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

/// The condition did not hold: either an earlier attempt of this very write went through and its
/// answer was lost, or somebody else has the event.
fn settled_before(there: Option<Attributes>, lease: &Lease, target: Status) -> Settled {
    let mut there: Attributes = there.unwrap_or_default();
    let mut reader = Reader(&mut there);
    let token = reader.text("token").ok();
    let status = reader.text("status").ok();
    let status = status.as_deref().and_then(Status::parse);
    if token.as_deref() == Some(&lease.token) && status == Some(target) {
        Settled::Written
    } else {
        Settled::Lost
    }
}
