//! A source of one test, in the ledger that all share.

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Listing, Summary};
use webhooks::timestamp::Timestamp;

use crate::support::sample::{at, event_of, key_in, record};
use crate::support::{World, unique};

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) source: String,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let world = World::enter().await;
        let (ledger, source) = (world.ledger(), unique("source"));
        Self {
            world,
            ledger,
            source,
        }
    }

    /// An event of that type, received so many seconds after the beginning.
    pub(crate) async fn received(&self, kind: &str, seconds: i64) -> EventKey {
        let key = key_in(&self.source);
        record(&self.ledger, &event_of(&key, kind, at(seconds), b"{}")).await;
        key
    }

    /// Gives an event's index entries a type of 100 kB.
    pub(crate) async fn lengthen(&self, key: &EventKey) {
        let update = self.world.dynamodb().update_item();
        let update = update
            .table_name(self.world.table())
            .key("pk", AttributeValue::S(key.to_string()))
            .update_expression("SET #type = :long")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":long", AttributeValue::S("x".repeat(100_000)));
        update.send().await.expect("DynamoDB answers");
    }

    /// So many events, one a second; the newest first.
    pub(crate) async fn received_many(&self, count: i64) -> Vec<EventKey> {
        let mut keys = Vec::new();
        for second in (0..count).rev() {
            keys.push(self.received("github.push", second).await);
        }
        keys
    }

    /// Everything of the source, or what is left of it when it is narrowed down.
    pub(crate) fn listing(&self, narrow: impl FnOnce(&mut Listing)) -> Listing {
        let mut listing = Listing {
            provider: "github".to_owned(),
            source: self.source.clone(),
            kind: None,
            status: None,
            since: Timestamp::from_seconds(0),
            until: at(1_000_000),
            limit: 1000,
        };
        narrow(&mut listing);
        listing
    }

    pub(crate) async fn list(&self, narrow: impl FnOnce(&mut Listing)) -> Vec<Summary> {
        let listed = self.ledger.list(&self.listing(narrow)).await;
        listed.expect("DynamoDB answers")
    }

    pub(crate) async fn keys(&self, narrow: impl FnOnce(&mut Listing)) -> Vec<EventKey> {
        let summaries = self.list(narrow).await.into_iter();
        summaries.map(|summary| summary.key).collect()
    }
}
