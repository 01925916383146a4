//! The right to change how a source is registered, for one command at a time.
//!
//! The key is none that an event can have, since an event's has a second slash after its source.

use aws_sdk_dynamodb::types::Put;

use super::attributes::{PK, number, text};
use super::error::LedgerError;
use super::table::Ledger;
use crate::timestamp::Timestamp;

fn key(provider: &str, source: &str) -> String {
    format!("{provider}/{source}#registration")
}

impl Ledger {
    /// Takes the right to change how a source is registered, until a moment at which it is given back at the
    /// latest; says whether it was free. `token` names its holder.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was taken.
    pub async fn hold(
        &self,
        provider: &str,
        source: &str,
        token: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let put = Put::builder()
            .table_name(&self.table)
            .item(PK, text(key(provider, source)))
            .item("token", text(token))
            .item("held_until", number(until.millis()))
            .item("expires_at", number(until.seconds()))
            // The holder's own: an answer was lost.
            .condition_expression(
                "attribute_not_exists(pk) OR held_until < :now OR #token = :token",
            )
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":token", text(token));
        let put = put.build().expect("table and item are set above");
        match self.put(put).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    /// Gives the right back, if it is still this holder's.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was given back.
    pub async fn let_go(
        &self,
        provider: &str,
        source: &str,
        token: &str,
    ) -> Result<(), LedgerError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(PK, text(key(provider, source)))
            .condition_expression("#token = :token")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", text(token));
        match deleted.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}
