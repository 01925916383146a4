//! The model's reading of DynamoDB's expressions, against the emulator: every transition, on items
//! that it fits and on items that it does not.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, Update};
use webhooks::event::EventKey;
use webhooks::ledger::{Overdue, Settlement, transition};
use webhooks::limits::{self, ITEM_PAYLOAD_AT_MOST};
use webhooks::timestamp::Timestamp;

use crate::expression::{self, Attributes, Written};
use crate::support::World;
use crate::support::sample::{FAR, at, event, failed, fresh_key};

/// The item of one event, in DynamoDB and by the model's reading.
struct Both {
    client: Client,
    table: String,
    key: EventKey,
    read: Option<Attributes>,
}

impl Both {
    fn enter(world: &World) -> Self {
        Self {
            client: world.dynamodb(),
            table: world.table().to_owned(),
            key: fresh_key(),
            read: None,
        }
    }

    async fn record(&mut self, token: &str) {
        let event = event(&self.key);
        let put = transition::record(&self.table, &event, token, FAR, ITEM_PAYLOAD_AT_MOST)
            .expect("it is small");
        let expected = expression::put(&put, self.read.as_ref());
        let written = put_item(&self.client, put).await;
        self.compare(expected, written).await;
    }

    async fn update(&mut self, update: Update) {
        let expected = expression::update(&update, self.read.as_ref());
        let written = update_item(&self.client, update).await;
        self.compare(expected, written).await;
    }

    async fn compare(&mut self, expected: Written, written: Result<(), String>) {
        if let Written::Item(item) = &expected {
            self.read = Some(item.clone());
        }
        let expected = match expected {
            Written::Item(_) => Ok(()),
            Written::Refused => Err("ConditionalCheckFailedException".to_owned()),
            Written::Invalid => Err("ValidationException".to_owned()),
        };
        assert_eq!(written, expected, "{:?}", self.read);
        let pk = AttributeValue::S(self.key.to_string());
        let get = self.client.get_item().table_name(&self.table).key("pk", pk);
        let there = get.consistent_read(true).send().await;
        assert_eq!(there.expect("DynamoDB answers").item, self.read);
    }

    /// Every update of the ledger, at that moment, by an attempt and a receipt of that token.
    fn updates(&self, token: &str, now: Timestamp) -> Vec<Update> {
        let (table, key) = (self.table.as_str(), &self.key);
        let retry = Settlement::Retry {
            cause: "busy".to_owned(),
            pause: Duration::from_secs(10),
        };
        let released = Settlement::Released {
            cause: "no payload".to_owned(),
            pause: limits::BUCKET_PAUSE,
        };
        let settlements = [
            Settlement::Done(Vec::new()),
            Settlement::Ignored,
            retry,
            released,
            failed("no"),
        ];
        let mut updates = vec![
            transition::count_duplicate(table, key, false, now),
            transition::count_duplicate(table, key, true, now),
            transition::claim(table, key, token, now),
            transition::reopen(table, key, token, FAR, now),
        ];
        updates.extend(settlements.map(|end| transition::settle(table, key, token, &end, now)));
        let row = self.read.clone();
        let row = row.and_then(|row| Overdue::try_from(row).ok());
        updates.extend(row.into_iter().flat_map(|row| {
            let postpone = transition::postpone(table, &row, now);
            [postpone, transition::restore(table, &row, now)]
        }));
        updates
    }

    /// Tries every update, each on the item as it is before: those that fit change it, and for
    /// the next one it is made anew.
    async fn try_all(&mut self, token: &str, now: Timestamp) {
        let before = self.read.clone();
        for update in self.updates(token, now) {
            self.update(update).await;
            self.restore(before.clone()).await;
        }
    }

    async fn restore(&mut self, item: Option<Attributes>) {
        match &item {
            Some(item) => {
                let put = self.client.put_item().table_name(&self.table);
                let put = put.set_item(Some(item.clone()));
                put.send().await.expect("DynamoDB takes it");
            }
            None => assert_eq!(self.read, None, "no update makes an item"),
        }
        self.read = item;
    }
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

#[tokio::test]
async fn every_transition_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    let lease_ended = at(0).after(limits::LEASE);
    let (table, key) = (both.table.clone(), both.key.clone());
    both.try_all("mine", at(0)).await;
    both.record("mine").await;
    both.record("another's").await;
    both.try_all("mine", at(60)).await;
    let claim = transition::claim(&table, &key, "mine", at(0));
    both.update(claim).await;
    for now in [
        at(1),
        lease_ended,
        lease_ended.after(Duration::from_millis(1)),
    ] {
        both.try_all("mine", now).await;
        both.try_all("another's", now).await;
    }
    let end = transition::settle(&table, &key, "mine", &failed("no"), at(2));
    both.update(end).await;
    both.try_all("mine", at(3)).await;
    both.record("mine").await;
    let again = transition::reopen(&table, &key, "again", FAR, at(4));
    both.update(again).await;
    both.try_all("again", at(5)).await;
    let claim = transition::claim(&table, &key, "last", at(6));
    both.update(claim).await;
    let end = transition::settle(&table, &key, "last", &Settlement::Ignored, at(7));
    both.update(end).await;
    both.try_all("last", at(8)).await;
    both.record("last").await;
}

#[tokio::test]
async fn a_postponement_that_is_taken_back_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    let table = both.table.clone();
    both.record("mine").await;
    let before = both.read.clone().expect("it is recorded");
    let row = Overdue::try_from(before.clone()).expect("a row of the index");
    let (now, next) = (at(60), at(180));
    both.update(transition::postpone(&table, &row, now)).await;
    both.try_all("mine", next).await;
    both.update(transition::restore(&table, &row, now)).await;
    both.update(transition::restore(&table, &row, next)).await;
    let after = both.read.as_ref().expect("it is there");
    assert_eq!(after["overdue_at"], before["overdue_at"]);
    assert_eq!(after["resends"], AttributeValue::N("0".to_owned()));
    both.try_all("mine", now).await;
}

/// What the model's mutants come down to: no condition, and attributes that are not there.
#[tokio::test]
async fn a_spoiled_transition_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    let updates = both.updates("mine", at(0));
    for mut update in updates {
        update.condition_expression = None;
        both.update(update.clone()).await;
        let there = both.read.take();
        if there.is_some() {
            let delete = both.client.delete_item().table_name(&both.table);
            let delete = delete.set_key(Some(update.key));
            delete.send().await.expect("DynamoDB deletes it");
        }
    }
}
