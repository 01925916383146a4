//! The ledger's table, and the calls that more than one transition makes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValue, Update};
use futures::future::try_join;

use super::attributes::{Attributes, PK, text};
use super::error::LedgerError;
use super::item::Item;
use super::keys::{receipt_key, state_key};
use super::receipt::Receipt;
use super::state::State;
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

    /// An event with what became of it, read consistently.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer or an item cannot be read.
    pub async fn find(&self, key: &EventKey) -> Result<Option<Item>, LedgerError> {
        let (receipt, state) = (self.get(receipt_key(key)), self.get(state_key(key)));
        let (receipt, state) = try_join(receipt, state).await?;
        Ok(receipt
            .map(|receipt| Item::of(receipt, state))
            .transpose()?)
    }

    /// What arrived, read consistently.
    ///
    /// # Errors
    /// As [`Ledger::find`].
    pub async fn receipt(&self, key: &EventKey) -> Result<Option<Receipt>, LedgerError> {
        let receipt = self.get(receipt_key(key)).await?;
        Ok(receipt.map(Receipt::try_from).transpose()?)
    }

    /// What became of an event, read consistently. Without a state nobody has taken it yet.
    ///
    /// # Errors
    /// As [`Ledger::find`].
    pub async fn state(&self, key: &EventKey) -> Result<State, LedgerError> {
        let state = self.get(state_key(key)).await?;
        Ok(State::read(&mut state.unwrap_or_default())?.told())
    }

    pub(super) async fn get(&self, pk: String) -> Result<Option<Attributes>, LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true);
        Ok(request.key(PK, text(pk)).send().await?.item)
    }

    /// Makes a transition; says whether its condition held. Where it did not, an earlier attempt of this
    /// very write may have gone through.
    pub(super) async fn written(&self, update: Update) -> Result<bool, LedgerError> {
        match self.update(update, ReturnValue::None).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    /// A put as a request of its own.
    pub(super) fn put(&self, put: Put) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .set_return_values_on_condition_check_failure(
                put.return_values_on_condition_check_failure,
            )
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
