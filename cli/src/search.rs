//! Pages of the events that a [`Filter`] means, newest first, without a scan: from the index of what sources have
//! received, or, where only what did not end well is meant, from the index of that, which is small.

mod candidates;

use serde::Serialize;
use webhooks::bucket::{Bucket, BucketError};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Position, Summary};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::filter::Filter;
use crate::stack::Stack;

use candidates::Candidates;
pub use candidates::{entries, sources};

/// The most that one page may have and cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events on the page.
    pub events: usize,
    /// Entries of an index looked at to find them.
    pub lines: usize,
    /// Payloads read to find them.
    pub payloads: usize,
}

/// What was read to make a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Read {
    /// Entries of an index looked at.
    pub events: usize,
    /// Payloads read.
    pub payloads: usize,
    /// Their bytes.
    pub payload_bytes: usize,
    /// Payloads that are not there any more.
    pub payloads_gone: usize,
}

/// A page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events, newest first.
    pub events: Vec<Summary>,
    /// The position after which the next page begins, if there may be one.
    pub next: Option<Position>,
    /// True if the index of what did not end well has more than may be looked at: the last of it is left out.
    pub is_cut: bool,
    /// What was read.
    pub read: Read,
}

/// The page after a position. It can have fewer events than its limit and a next page all the same, where the
/// limit of what may be read came first.
///
/// # Errors
/// [`Failure`] when the range ends before it begins, or AWS does not answer.
pub async fn page(
    stack: &Stack,
    filter: &Filter,
    after: Option<Position>,
    limits: Limits,
    now: Timestamp,
) -> Result<Page, Failure> {
    let (since, until) = filter.range(now);
    if since > until {
        return Err(Failure::usage("since is later than until"));
    }
    let (ledger, bucket) = (stack.ledger()?, stack.bucket()?);
    let mut page = Page::default();
    if limits.events == 0 {
        return Ok(page);
    }
    let mut last = after.clone();
    let mut candidates = Candidates::of(stack, filter, after, limits.lines, now).await?;
    page.is_cut = candidates.is_cut;
    while page.read.events < limits.lines {
        let most = limits.lines - page.read.events;
        let count = limits.events.clamp(50, 500).min(most);
        let Some(batch) = candidates.next(count).await? else {
            return Ok(page);
        };
        page.read.events += batch.entries;
        for summary in batch.summaries {
            if page.events.len() == limits.events {
                page.next = last;
                return Ok(page);
            }
            let mut is_meant = filter.takes(&summary, now);
            if is_meant && filter.reads_payloads() {
                if page.read.payloads == limits.payloads {
                    page.next = last;
                    return Ok(page);
                }
                let key = &summary.key;
                is_meant = takes_payload(&ledger, &bucket, filter, key, &mut page.read).await?;
            }
            last = Some(position(&summary));
            if is_meant {
                page.events.push(summary);
            }
        }
        // What comes after the last of them on this page was looked at and is not meant.
        last = Some(batch.last);
    }
    page.next = last;
    Ok(page)
}

/// The place of an event in lists.
pub fn position(summary: &Summary) -> Position {
    Position {
        received_at: summary.received_at,
        key: summary.key.clone(),
    }
}

/// True if an event's payload, which is read for it, is one that the filter means.
///
/// # Errors
/// [`Failure`] when AWS does not answer.
pub async fn takes_payload(
    ledger: &Ledger,
    bucket: &Bucket,
    filter: &Filter,
    key: &EventKey,
    read: &mut Read,
) -> Result<bool, Failure> {
    let receipt = ledger.receipt(key).await;
    let receipt = receipt.map_err(|error| Failure::new("the ledger", error))?;
    let Some(mut receipt) = receipt else {
        return Ok(false);
    };
    read.payloads += 1;
    match bucket.fetch(&mut receipt.event).await {
        Ok(()) => {}
        Err(BucketError::Gone) => {
            read.payloads_gone += 1;
            return Ok(false);
        }
        Err(error) => return Err(Failure::new("the payload", error)),
    }
    read.payload_bytes += receipt.event.payload().bytes.len();
    Ok(filter.takes_payload(receipt.event.payload()))
}
