//! One event in DynamoDB, and what the model reads in the writes that made it so.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, Update};
use lab::expression::{self, Attributes, Written};
use webhooks::event::EventKey;
use webhooks::ledger::{Held, Overdue, Settlement, Turn, Writes, transition};
use webhooks::limits::{self, ITEM_PAYLOAD_AT_MOST};
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::sample::{FAR, START, event, failed, fresh_key, retry};

/// The items of one event, in DynamoDB and by the model's reading.
pub(crate) struct Both {
    client: Client,
    pub(crate) table: String,
    pub(crate) key: EventKey,
    /// By their keys.
    pub(crate) read: HashMap<String, Attributes>,
}

impl Both {
    pub(crate) fn enter(world: &World) -> Self {
        Self {
            client: world.dynamodb(),
            table: world.table().to_owned(),
            key: fresh_key(),
            read: HashMap::new(),
        }
    }

    pub(crate) fn state_pk(&self) -> String {
        let EventKey {
            provider,
            source,
            id,
        } = &self.key;
        format!("{provider}/{source}#state/{id}")
    }

    pub(crate) async fn record(&mut self, token: &str) {
        let event = event(&self.key);
        let put = transition::record(&self.table, &event, token, FAR, ITEM_PAYLOAD_AT_MOST)
            .expect("it is small");
        let pk = self.key.to_string();
        let expected = expression::put(&put, self.read.get(&pk));
        let written = put_item(&self.client, put).await;
        self.compare(pk, expected, written).await;
    }

    pub(crate) async fn update(&mut self, update: Update) {
        let pk = pk_of(&update);
        let expected = expression::update(&update, self.read.get(&pk));
        let written = update_item(&self.client, update).await;
        self.compare(pk, expected, written).await;
    }

    pub(crate) async fn claim(&mut self, token: &str, turn: Turn, now: Timestamp) {
        let claim = transition::claim(&self.table, &self.key, token, turn, now);
        self.update(claim).await;
    }

    pub(crate) async fn settle(&mut self, token: &str, end: &Settlement, now: Timestamp) {
        let (table, key) = (&self.table, &self.key);
        let settle = transition::settle(table, key, token, &held(), end, FAR, now);
        self.update(settle).await;
    }

    async fn compare(&mut self, pk: String, expected: Written, written: Result<(), String>) {
        if let Written::Item(item) = &expected {
            self.read.insert(pk.clone(), item.clone());
        }
        let expected = match expected {
            Written::Item(_) => Ok(()),
            Written::Refused => Err("ConditionalCheckFailedException".to_owned()),
            Written::Invalid => Err("ValidationException".to_owned()),
        };
        let read = self.read.get(&pk);
        assert_eq!(written, expected, "{read:?}");
        let key = AttributeValue::S(pk.clone());
        let get = self.client.get_item().table_name(&self.table);
        let there = get.key("pk", key).consistent_read(true).send().await;
        assert_eq!(there.expect("DynamoDB answers").item.as_ref(), read);
    }

    /// Every update of the ledger, at that moment, by an attempt and a receipt of that token.
    pub(crate) fn updates(&self, token: &str, now: Timestamp) -> Vec<Update> {
        let (table, key) = (self.table.as_str(), &self.key);
        let mut updates = vec![
            transition::extend(table, key, FAR),
            transition::count_duplicate(table, key, false, now),
            transition::count_duplicate(table, key, true, now),
            transition::claim(table, key, token, Turn::Together, now),
            transition::claim(table, key, token, Turn::Alone, now),
            transition::claim(table, key, token, Turn::Last, now),
            transition::reopen(table, key, token, false, now),
            transition::reopen(table, key, token, true, now),
            transition::miss(table, key, START, now),
            transition::watch(table, key),
        ];
        updates.extend(ends().iter().map(|end| {
            let held = held();
            transition::settle(table, key, token, &held, end, FAR, now)
        }));
        let row = self.read.get(&self.state_pk()).cloned();
        let row = row.and_then(|row| Overdue::try_from(row).ok());
        updates.extend(row.into_iter().flat_map(|row| {
            [
                transition::postpone(table, &row, false, now),
                transition::postpone(table, &row, true, now),
                transition::restore(table, &row, now),
            ]
        }));
        updates
    }

    /// Tries every update, each on the item as it is before: those that fit change it, and for
    /// the next one it is made anew.
    pub(crate) async fn try_all(&mut self, token: &str, now: Timestamp) {
        for update in self.updates(token, now) {
            let pk = pk_of(&update);
            let before = self.read.get(&pk).cloned();
            self.update(update).await;
            self.restore(pk, before).await;
        }
    }

    pub(crate) async fn restore(&mut self, pk: String, item: Option<Attributes>) {
        match item {
            Some(item) => {
                let put = self.client.put_item().table_name(&self.table);
                let put = put.set_item(Some(item.clone()));
                put.send().await.expect("DynamoDB takes it");
                self.read.insert(pk, item);
            }
            None => {
                let delete = self.client.delete_item().table_name(&self.table);
                let delete = delete.key("pk", AttributeValue::S(pk.clone()));
                delete.send().await.expect("DynamoDB deletes it");
                self.read.remove(&pk);
            }
        }
    }
}

/// The ends of an attempt.
fn ends() -> [Settlement; 6] {
    [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        retry(10),
        retry(43_200),
        released(),
        failed("no"),
    ]
}

pub(crate) fn released() -> Settlement {
    Settlement::Released {
        cause: "no payload".to_owned(),
        pause: limits::BUCKET_PAUSE,
    }
}

fn held() -> Held {
    Held {
        attempts: 1,
        alone: true,
        put_back: 0,
        history: vec![format!("{} processing", START.millis())],
    }
}

pub(crate) fn pk_of(update: &Update) -> String {
    let pk = update.key["pk"].as_s();
    pk.expect("a key is text").clone()
}

async fn put_item(client: &Client, put: Put) -> Result<(), String> {
    let request = client
        .put_item()
        .table_name(put.table_name)
        .set_item(Some(put.item))
        .set_condition_expression(put.condition_expression);
    request.send().await.map(drop).map_err(code)
}

async fn update_item(client: &Client, update: Update) -> Result<(), String> {
    let request = client
        .update_item()
        .table_name(update.table_name)
        .set_key(Some(update.key))
        .update_expression(update.update_expression)
        .set_condition_expression(update.condition_expression)
        .set_expression_attribute_names(update.expression_attribute_names)
        .set_expression_attribute_values(update.expression_attribute_values)
        .return_values(ReturnValue::None);
    request.send().await.map(drop).map_err(code)
}

fn code<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> String {
    error.code().unwrap_or("no answer").to_owned()
}
