//! The events that a filter can mean for all that the indexes say, in the order of lists.

use std::collections::VecDeque;

use futures::stream::{self, StreamExt, TryStreamExt};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Listed, Position, Range, Status, Summary};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use super::position;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::moment::Moment;
use crate::stack::Stack;

/// Sources read at a time; each of them has sixteen partitions.
const SOURCES: usize = 4;

/// The events that a filter can mean.
pub(super) struct Candidates<'a> {
    ledger: Ledger,
    filter: &'a Filter,
    from: From,
    since: Timestamp,
    until: Timestamp,
    after: Option<Position>,
    /// True if there are more of what did not end well than may be looked at.
    pub(super) is_cut: bool,
}

/// Some of them.
pub(super) struct Batch {
    pub(super) summaries: Vec<Summary>,
    /// Entries of an index among which they were.
    pub(super) entries: usize,
    /// The position of the last of those.
    pub(super) last: Position,
}

enum From {
    /// What these sources have received.
    Sources(Vec<(String, String)>),
    /// What did not end well, all of it.
    Late(VecDeque<Summary>),
}

impl<'a> Candidates<'a> {
    pub(super) async fn of(
        stack: &Stack,
        filter: &'a Filter,
        after: Option<Position>,
        lines: usize,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let ledger = stack.ledger()?;
        let (since, until) = filter.range(now);
        let mut is_cut = false;
        let from = match late(&ledger, filter, since).await? {
            Some(mut keys) => {
                is_cut = keys.len() > lines;
                keys.truncate(lines);
                From::Late(all(&ledger, &keys, after.as_ref()).await?)
            }
            None => From::Sources(sources(stack, filter).await?),
        };
        Ok(Self {
            ledger,
            filter,
            from,
            since,
            until,
            after,
            is_cut,
        })
    }

    /// The next of them, from `count` entries; none at the end.
    pub(super) async fn next(&mut self, count: usize) -> Result<Option<Batch>, Failure> {
        let sources = match &mut self.from {
            From::Late(rest) => {
                let summaries: Vec<_> = rest.drain(..count.min(rest.len())).collect();
                let last = summaries.last().map(position);
                return Ok(last.map(|last| Batch {
                    entries: summaries.len(),
                    summaries,
                    last,
                }));
            }
            From::Sources(sources) => sources,
        };
        let (since, until) = (self.since, self.until);
        let after = self.after.as_ref();
        let mut listed = first(&self.ledger, sources, (since, until), after, count).await?;
        let entries = listed.len();
        let Some(last) = listed.last().map(|entry| entry.position.clone()) else {
            return Ok(None);
        };
        self.after = Some(last.clone());
        listed.retain(|entry| self.filter.takes_entry(&entry.position.key, &entry.kind));
        let keys: Vec<_> = listed.into_iter().map(|entry| entry.position.key).collect();
        let summaries = self.ledger.summaries(&keys).await;
        Ok(Some(Batch {
            summaries: summaries.map_err(|error| Failure::new("the ledger", error))?,
            entries,
            last,
        }))
    }
}

/// Everything that sources have received in a time range, newest first.
///
/// # Errors
/// [`Failure`] when DynamoDB does not answer.
pub async fn entries(
    stack: &Stack,
    sources: &[(String, String)],
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Listed>, Failure> {
    let ledger = stack.ledger()?;
    let mut all: Vec<Listed> = Vec::new();
    loop {
        let after = all.last().map(|entry| entry.position.clone());
        let page = first(&ledger, sources, (since, until), after.as_ref(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Entries read at a time, of a whole range.
const PAGE: usize = 1000;

/// The first `count` entries of several sources after a position.
async fn first(
    ledger: &Ledger,
    sources: &[(String, String)],
    (since, until): (Timestamp, Timestamp),
    after: Option<&Position>,
    count: usize,
) -> Result<Vec<Listed>, Failure> {
    let reads = sources.iter().map(async |(provider, source)| {
        let range = Range {
            provider,
            source,
            since,
            until,
            after,
        };
        ledger.listed(&range, count).await
    });
    // Collected, so that the compiler sees that the whole can be sent to another thread.
    let reads: Vec<_> = reads.collect();
    let reads = stream::iter(reads).buffer_unordered(SOURCES);
    let entries: Vec<_> = reads
        .try_collect()
        .await
        .map_err(|error| Failure::new("the ledger", error))?;
    let mut entries = entries.concat();
    entries.sort_by(|a, b| a.position.cmp(&b.position));
    entries.truncate(count);
    Ok(entries)
}

/// The sources that a filter can mean. One that is named whole may have lost its secret since.
///
/// # Errors
/// [`Failure`] when SSM does not answer.
pub async fn sources(stack: &Stack, filter: &Filter) -> Result<Vec<(String, String)>, Failure> {
    if let Some(source) = filter.only_source() {
        return Ok(vec![source]);
    }
    let mut sources = stack.sources().await?;
    sources.retain(|(provider, source)| filter.takes_source(provider, source));
    Ok(sources)
}

/// What the index of what did not end well has of the statuses that are meant; nothing where others are meant
/// as well. An event fails after it was received, so none that is meant failed before `since`. Those that failed last
/// come first.
async fn late(
    ledger: &Ledger,
    filter: &Filter,
    since: Timestamp,
) -> Result<Option<Vec<EventKey>>, Failure> {
    let statuses = filter.statuses();
    let is_late = |status: &Status| matches!(status, Status::Failed | Status::Waiting);
    if statuses.is_empty() || !statuses.iter().all(is_late) {
        return Ok(None);
    }
    let failure = |error| Failure::new("the ledger", error);
    let mut keys = Vec::new();
    if statuses.contains(&Status::Failed) {
        // By another clock.
        let since = Moment::Ago(limits::SKEW).resolve(since);
        let mut failed = ledger.failed_since(since).await.map_err(failure)?;
        failed.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        keys.extend(failed.into_iter().map(|(key, _)| key));
    }
    if statuses.contains(&Status::Waiting) {
        keys.extend(ledger.unfinished().await.map_err(failure)?);
    }
    keys.retain(|key| filter.takes_source(&key.provider, &key.source));
    Ok(Some(keys))
}

async fn all(
    ledger: &Ledger,
    keys: &[EventKey],
    after: Option<&Position>,
) -> Result<VecDeque<Summary>, Failure> {
    let found = ledger.summaries(keys).await;
    let mut found = found.map_err(|error| Failure::new("the ledger", error))?;
    found.retain(|summary| after.is_none_or(|after| position(summary) > *after));
    found.sort_by_key(position);
    Ok(found.into())
}
