//! The look at what was recorded a moment ago, as the table's stream tells it.
//!
//! An event that ends well at the first try is in no index, and costs nothing here but a read. Whoever
//! has not been taken by now, or goes on, is listed in `overdue`, where the relay's runs find it.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use tracing::info;

use super::{CONCURRENCY, Relay};
use crate::event::EventKey;
use crate::ledger::{LedgerError, Look};
use crate::timestamp::Timestamp;
use crate::{faults, limits};

/// An invocation of the relay: by the table's stream
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>), as far as it is read, or by its schedule.
#[derive(Clone, Debug, Deserialize)]
pub struct Invocation {
    #[serde(default, rename = "Records")]
    records: Option<Vec<Record>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    name: String,
    dynamodb: Change,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    approximate_creation_date_time: f64,
    keys: Keys,
}

#[derive(Clone, Debug, Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Clone, Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// A receipt that was put into the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The event.
    pub key: EventKey,
    /// When, within a second.
    pub at: Timestamp,
}

impl Invocation {
    /// The receipts among the stream's records; `None` where the schedule calls. States are inserted too, and
    /// bodies held against replays.
    pub fn receipts(&self) -> Option<Vec<Inserted>> {
        let inserted = |record: &Record| {
            let change = &record.dynamodb;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a time, not after the year 9999"
            )]
            let millis = (change.approximate_creation_date_time * 1000.0) as i64;
            Some(Inserted {
                key: change.keys.pk.text.parse().ok()?,
                at: Timestamp::from_millis(millis),
            })
        };
        let records = self.records.as_ref()?.iter();
        let inserts = records.filter(|record| record.name == "INSERT");
        Some(inserts.filter_map(inserted).collect())
    }
}

/// Keys in one look.
const BATCH: usize = 100;

impl Relay {
    /// Lists in `overdue` those of the events that have not ended and are not listed; gives their
    /// number. What was recorded a moment ago is looked at a moment later, and once more; so is what has
    /// gone on between the look and the listing.
    ///
    /// # Errors
    /// [`LedgerError`] when an event could not be looked at or listed; all of them are looked at again
    /// then.
    pub async fn look(
        &self,
        inserted: Vec<Inserted>,
        now: Timestamp,
    ) -> Result<usize, LedgerError> {
        let mut open = self.open(inserted).await?;
        let youngest = open.iter().map(|(inserted, _)| inserted.at).max();
        let wait = youngest.map(|youngest| limits::LOOK_AFTER.saturating_sub(youngest.age(now)));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            tokio::time::sleep(wait).await;
            open = self.open(inserts(open)).await?;
        }
        let mut listed = 0;
        if !open.is_empty() {
            faults::point("relay::looked");
        }
        while !open.is_empty() {
            let found = open.len();
            let gone_on = self.list(open).await?;
            listed += found - gone_on.len();
            open = self.open(gone_on).await?;
        }
        if listed > 0 {
            info!(listed, "events that were recorded and have not ended");
        }
        Ok(listed)
    }

    /// Lists the events; gives those that have gone on since the look.
    async fn list(&self, open: Vec<(Inserted, Look)>) -> Result<Vec<Inserted>, LedgerError> {
        let listings = open.into_iter().map(|(inserted, look)| async move {
            let (key, at) = (&inserted.key, inserted.at);
            let listed = self.ledger.list_as_overdue(key, look, at, Timestamp::now());
            Ok::<_, LedgerError>((!listed.await?).then_some(inserted))
        });
        let gone_on: Vec<Option<Inserted>> = stream::iter(listings)
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(gone_on.into_iter().flatten().collect())
    }

    /// Those of the events that have not ended and are not listed.
    async fn open(&self, inserted: Vec<Inserted>) -> Result<Vec<(Inserted, Look)>, LedgerError> {
        let mut open = Vec::new();
        for batch in inserted.chunks(BATCH) {
            let keys: Vec<EventKey> = batch.iter().map(|inserted| inserted.key.clone()).collect();
            for (key, look) in self.ledger.look(&keys).await? {
                let same = batch.iter().find(|inserted| inserted.key == key);
                open.extend(same.map(|inserted| (inserted.clone(), look)));
            }
        }
        Ok(open)
    }
}

fn inserts(open: Vec<(Inserted, Look)>) -> Vec<Inserted> {
    open.into_iter().map(|(inserted, _)| inserted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_receipts_out_of_a_stream() {
        let record = |name: &str, pk: &str| {
            serde_json::json!({
                "eventID": "c4ca4238a0b923820dcc509a6f75849b",
                "eventName": name,
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_767_225_600.0,
                    "Keys": {"pk": {"S": pk}},
                    "SequenceNumber": "4421584500000000017450439091",
                    "StreamViewType": "KEYS_ONLY",
                },
            })
        };
        let stream = serde_json::json!({"Records": [
            record("INSERT", "github/default/1:a"),
            record("INSERT", "github/default#state/1:a"),
            record("INSERT", "github/default#00ff"),
            record("MODIFY", "github/default/1:b"),
            record("REMOVE", "github/default/1:c"),
        ]});
        let read = |json| serde_json::from_value::<Invocation>(json);
        let stream = read(stream).expect("a stream's records");
        let receipt = Inserted {
            key: "github/default/1:a".parse().expect("a key"),
            at: Timestamp::from_seconds(1_767_225_600),
        };
        assert_eq!(stream.receipts(), Some(vec![receipt]));
        // What cannot be read must come again, and not pass for the schedule.
        assert!(read(serde_json::json!({"Records": [{"eventName": "INSERT"}]})).is_err());
        let schedule = read(serde_json::json!({"detail-type": "Scheduled Event"}));
        assert_eq!(schedule.expect("a schedule's event").receipts(), None);
    }
}
