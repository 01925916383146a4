//! Pages of the indexes, for those who look at events: what a source has received, from any position on, and
//! what has failed or has not ended.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures::future::try_join_all;

use super::attributes::{Attributes, PK, number, text};
use super::error::LedgerError;
use super::keys::event_of;
use super::position::Position;
use super::reader::{Reader, UnreadableItem};
use super::shards::{Half, LISTING_SHARDS, OVERDUE_SHARDS, listing_partition};
use super::table::Ledger;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// An entry of the index `listing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its place, which names the event.
    pub position: Position,
    /// The event type.
    pub kind: String,
}

/// A part of what a source has received.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// One of its sources.
    pub source: &'a str,
    /// The earliest time of receipt.
    pub since: Timestamp,
    /// The latest time of receipt.
    pub until: Timestamp,
    /// The position after which the part begins.
    pub after: Option<&'a Position>,
}

impl Ledger {
    /// The first `enough` entries of a range, newest first. Entries of one moment that lie on both sides of
    /// a page's end are read together, so that the next page misses none.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn listed(
        &self,
        range: &Range<'_>,
        enough: usize,
    ) -> Result<Vec<Listed>, LedgerError> {
        let until = range
            .after
            .map_or(range.until, |after| range.until.min(after.received_at));
        // DynamoDB takes no range whose end comes before its beginning.
        if range.since > until || enough == 0 {
            return Ok(Vec::new());
        }
        let shards = (0..LISTING_SHARDS).map(|shard| {
            let partition = listing_partition(range.provider, range.source, shard);
            let query = self.received_between(partition, range.since, until);
            self.entries(query, range.after, enough)
        });
        let mut entries = try_join_all(shards).await?.concat();
        entries.sort_by(|a, b| a.position.cmp(&b.position));
        entries.truncate(enough);
        Ok(entries)
    }

    /// The events that have failed since then, and when, in no order.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn failed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(EventKey, Timestamp)>, LedgerError> {
        self.half(Half::Failed, since).await
    }

    /// The events that did not end at their first try and go on, in no order.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn unfinished(&self) -> Result<Vec<EventKey>, LedgerError> {
        let open = self.half(Half::Open, Timestamp::from_millis(0)).await?;
        Ok(open.into_iter().map(|(key, _)| key).collect())
    }

    /// The query for the entries of one partition of `listing` in a time range, newest first.
    pub(super) fn received_between(
        &self,
        partition: String,
        since: Timestamp,
        until: Timestamp,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name("listing")
            .scan_index_forward(false)
            .key_condition_expression(
                "listing = :partition AND received_at BETWEEN :since AND :until",
            )
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":since", number(since.millis()))
            .expression_attribute_values(":until", number(until.millis()))
    }

    async fn entries(
        &self,
        query: QueryFluentBuilder,
        after: Option<&Position>,
        enough: usize,
    ) -> Result<Vec<Listed>, LedgerError> {
        let query = query.set_limit(i32::try_from(enough.saturating_add(1)).ok());
        let mut entries = Vec::new();
        let mut start: Option<Attributes> = None;
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await?;
            for row in page.items.unwrap_or_default() {
                let entry = Listed::try_from(row)?;
                if after.is_none_or(|after| entry.position > *after) {
                    entries.push(entry);
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() || is_complete(&entries, enough) {
                return Ok(entries);
            }
        }
    }

    async fn half(
        &self,
        half: Half,
        since: Timestamp,
    ) -> Result<Vec<(EventKey, Timestamp)>, LedgerError> {
        let shards = (0..OVERDUE_SHARDS).map(async |shard| {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("overdue")
                .key_condition_expression("overdue = :partition AND overdue_at >= :since")
                .expression_attribute_values(":partition", text(half.partition(shard)))
                .expression_attribute_values(":since", number(since.millis()));
            let mut found = Vec::new();
            let mut start: Option<Attributes> = None;
            loop {
                let page = query.clone().set_exclusive_start_key(start).send().await?;
                for mut row in page.items.unwrap_or_default() {
                    let mut row = Reader(&mut row);
                    let key = event_of(&row.text(PK)?).map_err(|_| UnreadableItem(PK))?;
                    let at = Timestamp::from_millis(row.number("overdue_at")?);
                    found.push((key, at));
                }
                start = page.last_evaluated_key;
                if start.is_none() {
                    return Ok::<_, LedgerError>(found);
                }
            }
        });
        Ok(try_join_all(shards).await?.concat())
    }
}

/// True if no entry that has not been read can be among the first `enough`: the last that was read is older
/// than all of those.
fn is_complete(entries: &[Listed], enough: usize) -> bool {
    let time = |entry: &Listed| entry.position.received_at;
    match (entries.get(enough - 1), entries.last()) {
        (Some(needed), Some(last)) => time(last) < time(needed),
        _ => false,
    }
}

impl TryFrom<Attributes> for Listed {
    type Error = UnreadableItem;

    fn try_from(mut row: Attributes) -> Result<Self, UnreadableItem> {
        let mut row = Reader(&mut row);
        Ok(Self {
            position: Position {
                received_at: Timestamp::from_millis(row.number("received_at")?),
                key: row.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?,
            },
            kind: row.text("type")?,
        })
    }
}
