//! Lists of events for people: by source, type, status and time, newest first, without a scan.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use futures::future::try_join_all;

use super::attributes::{Attributes, PK, text};
use super::error::LedgerError;
use super::keys::{event_of, receipt_key, state_key};
use super::look::BATCH;
use super::reader::{Reader, UnreadableItem};
use super::shards::{Half, LISTING_SHARDS, OVERDUE_SHARDS, listing_partition};
use super::state::State;
use super::status::Status;
use super::table::Ledger;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// A question for a list of events.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The provider's name.
    pub provider: String,
    /// One of its sources.
    pub source: String,
    /// The type, if only one is wanted: exact, or all that begin so where it ends in `*`.
    pub kind: Option<String>,
    /// The status, if only one is wanted.
    pub status: Option<Status>,
    /// The earliest time of receipt.
    pub since: Timestamp,
    /// The latest time of receipt.
    pub until: Timestamp,
    /// The most events to list.
    pub limit: usize,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Provider, source and id.
    pub key: EventKey,
    /// The event type.
    pub kind: String,
    /// Its status.
    pub status: Status,
    /// The time of the first delivery.
    pub received_at: Timestamp,
    /// Attempts at processing.
    pub attempts: u32,
    /// Deliveries that changed nothing.
    pub duplicates: u32,
    /// The cause for which the last attempt did not succeed.
    pub cause: Option<String>,
}

impl Ledger {
    /// The newest events that match, newest first. Shards are read side by side; what waits or has
    /// failed is looked up in the index of events that did not end well at the first try, which stays
    /// small.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn list(&self, listing: &Listing) -> Result<Vec<Summary>, LedgerError> {
        let keys = match listing.status {
            Some(Status::Waiting) => self.late(listing, Half::Open).await?,
            Some(Status::Failed) => self.late(listing, Half::Failed).await?,
            Some(Status::Received | Status::Processing | Status::Done | Status::Ignored) | None => {
                self.by_source(listing).await?
            }
        };
        let mut summaries = self.summaries(&keys).await?;
        summaries.retain(|summary| listing.matches(summary));
        summaries.sort_by(|a, b| b.received_at.cmp(&a.received_at).then(a.key.cmp(&b.key)));
        summaries.truncate(listing.limit);
        Ok(summaries)
    }

    /// Events of a source in its time range, the newest of each shard until there is `limit` in it.
    pub(super) async fn by_source(&self, listing: &Listing) -> Result<Vec<EventKey>, LedgerError> {
        let shards = (0..LISTING_SHARDS).map(|shard| async move {
            let partition = listing_partition(&listing.provider, &listing.source, shard);
            let query = self
                .received_between(partition, listing.since, listing.until)
                .set_filter_expression(
                    listing
                        .kind
                        .as_ref()
                        .map(|kind| kind_filter(kind).to_owned()),
                )
                .set_expression_attribute_names(
                    listing
                        .kind
                        .as_ref()
                        .map(|_| HashMap::from([("#type".to_owned(), "type".to_owned())])),
                );
            let query = match &listing.kind {
                Some(kind) => {
                    query.expression_attribute_values(":kind", text(kind.trim_end_matches('*')))
                }
                None => query,
            };
            // The index does not know the status, so with one asked for, the whole range is read.
            let enough = if listing.status.is_some() {
                usize::MAX
            } else {
                listing.limit
            };
            self.keys(query, enough).await
        });
        let keys = try_join_all(shards).await?.concat();
        let keys = keys
            .iter()
            .map(|pk| pk.parse().map_err(|_| UnreadableItem(PK)));
        Ok(keys.collect::<Result<_, _>>()?)
    }

    async fn late(&self, listing: &Listing, half: Half) -> Result<Vec<EventKey>, LedgerError> {
        // No id is empty, and every state of the source begins with this.
        let prefix = format!("{}/{}#", listing.provider, listing.source);
        let shards = (0..OVERDUE_SHARDS).map(|shard| {
            let query = self
                .client
                .query()
                .index_name("overdue")
                .key_condition_expression("overdue = :partition")
                .filter_expression("begins_with(pk, :prefix)")
                .expression_attribute_values(":partition", text(half.partition(shard)))
                .expression_attribute_values(":prefix", text(&prefix));
            self.keys(query, usize::MAX)
        });
        let keys = try_join_all(shards).await?.concat();
        let keys = keys
            .iter()
            .map(|pk| event_of(pk).map_err(|_| UnreadableItem(PK)));
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Runs a query page by page, newest first, until `enough` keys are there. Pages are no longer
    /// than that, so that the newest of a source cost the same however many there are.
    async fn keys(
        &self,
        query: QueryFluentBuilder,
        enough: usize,
    ) -> Result<Vec<String>, LedgerError> {
        let query = query
            .table_name(&self.table)
            .set_limit(i32::try_from(enough.max(1)).ok())
            .scan_index_forward(false)
            .select(Select::SpecificAttributes)
            .projection_expression(PK);
        let mut keys = Vec::new();
        let mut start: Option<Attributes> = None;
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await?;
            for mut row in page.items.unwrap_or_default() {
                keys.push(Reader(&mut row).text(PK)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() || keys.len() >= enough {
                return Ok(keys);
            }
        }
    }

    /// The lines of those of the events that are there, in their order.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn summaries(&self, events: &[EventKey]) -> Result<Vec<Summary>, LedgerError> {
        let mut summaries = Vec::new();
        // Each event has two items.
        for batch in events.chunks(BATCH / 2) {
            summaries.append(&mut self.summaries_of(batch).await?);
        }
        Ok(summaries)
    }

    async fn summaries_of(&self, events: &[EventKey]) -> Result<Vec<Summary>, LedgerError> {
        let both = |key| [receipt_key(key), state_key(key)];
        let wanted = events.iter().flat_map(both).collect();
        let names = "pk, #type, #status, received_at, attempts, duplicates, cause";
        let rows = self.rows(wanted, names).await?;
        let mut rows: HashMap<String, Attributes> = rows
            .into_iter()
            .filter_map(|row| Some((row.get(PK)?.as_s().ok()?.clone(), row)))
            .collect();
        let mut summaries = Vec::new();
        for key in events {
            if let Some(receipt) = rows.remove(&receipt_key(key)) {
                summaries.push(Summary::of(key, receipt, rows.remove(&state_key(key)))?);
            }
        }
        Ok(summaries)
    }
}

fn kind_filter(kind: &str) -> &'static str {
    if kind.ends_with('*') {
        "begins_with(#type, :kind)"
    } else {
        "#type = :kind"
    }
}

impl Listing {
    fn matches(&self, summary: &Summary) -> bool {
        let kind_matches = match self
            .kind
            .as_deref()
            .map(|kind| (kind, kind.strip_suffix('*')))
        {
            Some((_, Some(prefix))) => summary.kind.starts_with(prefix),
            Some((kind, None)) => summary.kind == kind,
            None => true,
        };
        kind_matches
            && self.status.is_none_or(|status| status == summary.status)
            && (self.since..=self.until).contains(&summary.received_at)
    }
}

impl Summary {
    /// Joins receipt and state, as [`super::Item`] does.
    fn of(
        key: &EventKey,
        mut receipt: Attributes,
        state: Option<Attributes>,
    ) -> Result<Self, UnreadableItem> {
        let state = State::read(&mut state.unwrap_or_else(|| receipt.clone()))?;
        let mut receipt = Reader(&mut receipt);
        Ok(Self {
            key: key.clone(),
            kind: receipt.text("type")?,
            status: state.status,
            received_at: Timestamp::from_millis(receipt.number("received_at")?),
            attempts: state.attempts,
            duplicates: state.duplicates,
            cause: state.cause,
        })
    }
}
