//! The ledger's table, and the calls that more than one transition makes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, Update};

use super::attributes::{PK, text};
use super::error::LedgerError;
use super::item::Item;
use crate::event::EventKey;

/// The ledger's table.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) client: Client,
    pub(super) table: String,
}

impl Ledger {
    /// The ledger in a table of that name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Opens the connection, so that the first event does not wait for it.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn warm(&self) -> Result<(), LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PK, text("warm"));
        request.projection_expression(PK).send().await?;
        Ok(())
    }

    /// The item of an event, read consistently.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer or the item cannot be read.
    pub async fn find(&self, key: &EventKey) -> Result<Option<Item>, LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true);
        let output = request.key(PK, text(key.to_string())).send().await?;
        Ok(output.item.map(Item::try_from).transpose()?)
    }

    /// A transition as a request of its own, whose answer brings `returned`.
    pub(super) fn update(&self, update: Update, returned: ReturnValue) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .set_return_values_on_condition_check_failure(
                update.return_values_on_condition_check_failure,
            )
            .return_values(returned)
    }
}
