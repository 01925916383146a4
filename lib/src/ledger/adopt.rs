//! Items of the first edition, which are receipt and state in one: each gets a state of its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put};

use super::attributes::{Attributes, PK, number, text};
use super::error::LedgerError;
use super::keys::state_key;
use super::reader::{Reader, UnreadableItem};
use super::shards::Half;
use super::status::Status;
use super::table::Ledger;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// What stays as it was.
const KEPT: [&str; 9] = [
    "token",
    "attempts",
    "history",
    "cause",
    "duplicates",
    "conflicts",
    "redeliveries",
    "resends",
    "repeated_at",
];

/// A page of adopted items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adopted {
    /// Items that have a state of their own now.
    pub adopted: usize,
    /// Where the next page begins, if there is one.
    pub next: Option<HashMap<String, AttributeValue>>,
}

impl Ledger {
    /// Gives a page of items of the first edition states of their own. What has not ended is `waiting`
    /// and overdue, so that the relay sends it. An item that has its state already keeps it: this can be
    /// done again.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn adopt(
        &self,
        from: Option<HashMap<String, AttributeValue>>,
        now: Timestamp,
    ) -> Result<Adopted, LedgerError> {
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("attribute_exists(#status) AND attribute_exists(digest)")
            .expression_attribute_names("#status", "status")
            .set_exclusive_start_key(from)
            .send()
            .await?;
        let mut adopted = 0;
        for item in page.items.unwrap_or_default() {
            let put = state_of(&self.table, &item, now)?;
            adopted += usize::from(self.put_state(put).await?);
        }
        Ok(Adopted {
            adopted,
            next: page.last_evaluated_key,
        })
    }

    async fn put_state(&self, put: Put) -> Result<bool, LedgerError> {
        match self.put(put).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }
}

fn state_of(table: &str, item: &Attributes, now: Timestamp) -> Result<Put, UnreadableItem> {
    let mut read = item.clone();
    let mut read = Reader(&mut read);
    let key: EventKey = read.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?;
    let status = Status::parse(&read.text("status")?).ok_or(UnreadableItem("status"))?;
    let kept = KEPT.iter();
    let kept = kept.filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone())));
    let mut state: Attributes = kept.collect();
    let mut set = |name: &str, value| state.insert(name.to_owned(), value);
    set(PK, text(state_key(&key)));
    if status.has_ended() {
        set("status", text(status.as_str()));
        set("expires_at", number(read.number("expires_at")?));
    } else {
        set("status", text(Status::Waiting.as_str()));
        set("due_at", number(now.millis()));
        set("overdue_at", number(now.millis()));
        set("overdue", Half::Open.of(&key));
    }
    if status == Status::Failed {
        set("overdue_at", number(read.number("overdue_at")?));
        set("overdue", Half::Failed.of(&key));
    }
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(state))
        .condition_expression("attribute_not_exists(#status)")
        .expression_attribute_names("#status", "status");
    Ok(put.build().expect("table and item are set above"))
}
