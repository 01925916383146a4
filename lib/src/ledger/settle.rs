//! The write that ends an attempt, if the token is still its own.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValue, TransactWriteItem, Update};

use super::attributes::Attributes;
use super::contention::Contention;
use super::error::LedgerError;
use super::lease::Lease;
use super::settlement::Settlement;
use super::state::State;
use super::status::Status;
use super::table::Ledger;
use super::transition;
use super::writes::Writes;
use crate::aws;
use crate::timestamp::Timestamp;

/// The result of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The settlement is written.
    Written,
    /// The event was taken over by another attempt; nothing was written.
    Lost,
    /// A condition of the handler's own writes did not hold, or other writes stayed in their way;
    /// nothing was written.
    EffectRefused,
    /// DynamoDB would never take the handler's own writes: they are not valid, their table is not there,
    /// or the role may not write to it. Nothing was written.
    EffectInvalid {
        /// DynamoDB's code.
        code: String,
    },
}

impl Ledger {
    /// Ends an attempt, if the event is still its own. An event that has ended is kept until
    /// `expires_at`.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is written; the lease then runs out.
    pub async fn settle(
        &self,
        lease: &Lease,
        settlement: Settlement,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Settled, LedgerError> {
        let Lease { key, token, held } = lease;
        let table = &self.table;
        let update = transition::settle(table, key, token, held, &settlement, expires_at, now);
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
        effect: Writes,
    ) -> Result<Settled, LedgerError> {
        let effect = effect.into_items();
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
                _ => return invalid(error),
            };
            if let Some(code) = reasons.iter().find_map(never) {
                return Ok(Settled::EffectInvalid { code });
            }
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

/// DynamoDB's codes for a transaction that it would never take. The write of the status is one that it
/// takes, as every other end of an attempt shows.
const NEVER: [&str; 4] = [
    "ValidationException",
    "AccessDeniedException",
    "ResourceNotFoundException",
    "ItemCollectionSizeLimitExceededException",
];

/// DynamoDB's code for a write in a transaction that it would never take
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
fn never(reason: &CancellationReason) -> Option<String> {
    let codes = ["ValidationError", "ItemCollectionSizeLimitExceeded"];
    let code = reason.code().filter(|code| codes.contains(code));
    code.map(str::to_owned)
}

fn invalid<R>(error: SdkError<TransactWriteItemsError, R>) -> Result<Settled, LedgerError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = aws::code(&error);
    if NEVER.contains(&code.as_str()) {
        Ok(Settled::EffectInvalid { code })
    } else {
        Err(error.into())
    }
}

/// The condition did not hold: either an earlier attempt of this very write went through and its
/// answer was lost, or somebody else has the event.
fn settled_before(there: Option<Attributes>, lease: &Lease, target: Status) -> Settled {
    match State::read(&mut there.unwrap_or_default()) {
        Ok(state) if state.token.as_ref() == Some(&lease.token) && state.status == target => {
            Settled::Written
        }
        Ok(_) | Err(_) => Settled::Lost,
    }
}
