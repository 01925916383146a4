//! A secret that a provider has brought, until the operator who has asked for it takes it.
//!
//! The key is none that an event can have, since an event's has a second slash after its source.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, Update};

use super::attributes::{Attributes, PK, number, text};
use super::error::LedgerError;
use super::table::Ledger;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The attribute that has the secret.
const OFFERED: &str = "offered";

/// The attribute that says that somebody brought another one.
const CONTESTED: &str = "contested";

/// A secret that has been brought for a source.
#[derive(Debug)]
pub struct Offer {
    /// The secret.
    pub secret: Secret,
    /// True if somebody brought another one after it.
    pub contested: bool,
}

fn key(provider: &str, source: &str) -> String {
    format!("{provider}/{source}#pairing")
}

impl Ledger {
    /// Keeps the secret that a provider has brought for a source; says whether this one is kept. The first
    /// is, and no other as long as it is there: the provider repeats its own, a stranger has another. Which of
    /// two is whose nobody knows, so a second one marks the first as contested.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is kept.
    pub async fn offer(
        &self,
        provider: &str,
        source: &str,
        secret: &str,
        expires_at: Timestamp,
    ) -> Result<bool, LedgerError> {
        let put = Put::builder()
            .table_name(&self.table)
            .item(PK, text(key(provider, source)))
            .item(OFFERED, text(secret))
            .item("expires_at", number(expires_at.seconds()))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.build().expect("table and item are set above");
        let Err(error) = self.put(put).send().await else {
            return Ok(true);
        };
        let there = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(there)) => there.item.as_ref(),
            _ => return Err(error.into()),
        };
        if there.and_then(|item| item.get(OFFERED)) == Some(&text(secret)) {
            return Ok(true);
        }
        self.contest(provider, source).await?;
        Ok(false)
    }

    async fn contest(&self, provider: &str, source: &str) -> Result<(), LedgerError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(key(provider, source)))
            .update_expression("SET contested = :yes")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        let update = update
            .build()
            .expect("table, key and expression are set above");
        self.written(update).await.map(drop)
    }

    /// What has been brought for a source, if anything has.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn offered(
        &self,
        provider: &str,
        source: &str,
    ) -> Result<Option<Offer>, LedgerError> {
        let offer = |item: Attributes| {
            let text = item.get(OFFERED)?.as_s().ok()?;
            Some(Offer {
                secret: Secret::new(text).ok()?,
                contested: item.contains_key(CONTESTED),
            })
        };
        Ok(self.get(key(provider, source)).await?.and_then(offer))
    }

    /// Forgets what a provider has brought for a source.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is gone.
    pub async fn forget_offer(&self, provider: &str, source: &str) -> Result<(), LedgerError> {
        let request = self.client.delete_item().table_name(&self.table);
        request.key(PK, text(key(provider, source))).send().await?;
        Ok(())
    }
}
