//! The relay: sends events again that are recorded, overdue and not ended.
//!
//! It is called for two things. The table's stream tells it what was recorded: what has not ended
//! well a moment later is listed in the index `overdue` (`look`). And once a minute it looks through
//! that index, and sends what is overdue.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde::Serialize;
use tokio::time::Instant;
use tracing::{Instrument, error, info_span};

use crate::envelope::envelope;
use crate::event::Event;
use crate::ledger::{Ledger, LedgerError, OVERDUE_SHARDS, Overdue, Pauses};
use crate::queue::{Queue, QueueError};
use crate::report::{End, Level, Metric, Report};
use crate::settings::RelaySettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

mod look;

pub use look::{Inserted, Invocation};

/// The relay and its connections.
#[derive(Debug)]
pub struct Relay {
    /// The settings.
    pub settings: RelaySettings,
    /// The ledger, where overdue events are found.
    pub ledger: Ledger,
    /// The queue to which they are sent.
    pub queue: Queue,
}

/// The result of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Relayed {
    /// Events sent again.
    pub sent: u32,
    /// Events that wait in the queue as it seems, and were left there.
    pub left: u32,
    /// Pages and events that could not be read, moved on or sent; the next run finds them.
    pub failed: u32,
    /// The longest for which an event could have been taken, and was not.
    pub oldest: Duration,
}

/// The end of an attempt to send one overdue event again.
enum Resent {
    /// The queue has it.
    Sent,
    /// It is in the queue as it seems.
    Left,
    /// The queue did not take it.
    NotSent(QueueError),
    /// Another relay was faster.
    ByAnother,
    /// The ledger did not move it on, or does not have it, so nothing was sent.
    NotMoved,
}

/// Events read at a time from one shard of the index.
const PAGE: i32 = 100;
/// Failures in one shard after which a run leaves it to the next.
const FAILURES: u32 = 3;
/// Shards in hand at a time.
pub const CONCURRENCY: usize = 16;

/// A page of one shard.
struct Page {
    shard: u8,
    events: Vec<Overdue>,
}

impl Page {
    fn is_full(&self) -> bool {
        usize::try_from(PAGE).is_ok_and(|page| self.events.len() == page)
    }
}

impl Relay {
    /// Looks through every shard, a page of each in turn, until nothing is overdue or the time for work
    /// is over. It begins with another shard each time, so that none is always the last.
    pub async fn run(&self, now: Timestamp) -> Relayed {
        let deadline = Instant::now() + limits::RELAY_WORK;
        let mut relayed = Relayed::default();
        let pauses = match self.ledger.pauses().await {
            Ok(pauses) => pauses,
            Err(failure) => {
                // The processors do not take what is paused, so to send it does no harm.
                error!(error = %failure, "the pauses are not known");
                Pauses::default()
            }
        };
        let depth = match self.queue.depth().await {
            Ok(depth) => depth,
            Err(failure) => {
                error!(error = %failure, "the number of waiting messages is not known");
                relayed.failed += 1;
                0
            }
        };
        let first = fastrand::u8(0..OVERDUE_SHARDS);
        let mut shards: Vec<u8> = (0..OVERDUE_SHARDS)
            .map(|shard| (shard + first) % OVERDUE_SHARDS)
            .collect();
        while !shards.is_empty() && Instant::now() < deadline {
            let pages = self.pages(&shards, now, &mut relayed).await;
            let found = pages.iter().map(|page| page.events.len()).sum();
            let all = !pages.iter().any(Page::is_full);
            let in_queue = are_in_queue(found, all, depth);
            let runs = pages
                .into_iter()
                .map(|page| self.page(page, (in_queue, &pauses), now, deadline));
            let runs: Vec<_> = stream::iter(runs).buffered(CONCURRENCY).collect().await;
            shards.clear();
            for (run, more) in runs {
                relayed.add(run);
                shards.extend(more);
            }
        }
        self.tell(relayed, now);
        relayed
    }

    /// The first page of each of the shards.
    async fn pages(&self, shards: &[u8], now: Timestamp, relayed: &mut Relayed) -> Vec<Page> {
        let reads = shards.iter().copied().map(|shard| async move {
            let page = self.ledger.overdue(shard, now, PAGE).await;
            page.map(|events| Page { shard, events })
        });
        let mut reads = stream::iter(reads).buffered(CONCURRENCY);
        let mut pages = Vec::new();
        while let Some(page) = reads.next().await {
            match page {
                Ok(page) => pages.push(page),
                Err(failure) => {
                    error!(error = %failure, "overdue events cannot be read");
                    relayed.failed += 1;
                }
            }
        }
        pages
    }

    /// Sends the events of a page; names its shard if there may be more in it.
    async fn page(
        &self,
        page: Page,
        (in_queue, pauses): (bool, &Pauses),
        now: Timestamp,
        deadline: Instant,
    ) -> (Relayed, Option<u8>) {
        let mut relayed = Relayed::default();
        if !page.events.is_empty() {
            faults::point("relay::found");
        }
        for event in &page.events {
            let span = info_span!("sending", event.id = %event.key.id);
            let resent = if pauses.cover(&event.key) {
                self.put_off(event, now).instrument(span).await
            } else {
                relayed.oldest = relayed.oldest.max(event.late(now));
                self.resend(event, in_queue, now).instrument(span).await
            };
            match resent {
                Resent::Sent => relayed.sent += 1,
                Resent::Left => relayed.left += 1,
                Resent::ByAnother => {}
                Resent::NotSent(_) | Resent::NotMoved => relayed.failed += 1,
            }
            // Something is down, or the time is over: the next run will see.
            if relayed.failed == FAILURES || Instant::now() > deadline {
                return (relayed, None);
            }
        }
        // A page that moved nothing on would be read again for ever.
        let moved = relayed.sent + relayed.left > 0;
        let more = (page.is_full() && moved).then_some(page.shard);
        (relayed, more)
    }

    /// Moves one event on, and only then sends it: of two relays at work, one sends. If the queue
    /// does not take it, it is moved back, so that the next run sends it; if this one stops in
    /// between, the event is overdue again after its pause.
    async fn resend(&self, overdue: &Overdue, in_queue: bool, now: Timestamp) -> Resent {
        let sends = !in_queue || overdue.late(now) >= limits::PATIENCE;
        let next = match self.ledger.postpone(overdue, sends, now).await {
            Ok(Some(next)) => next,
            Ok(None) => return Resent::ByAnother,
            Err(failure) => {
                error!(error = %failure, "the overdue event is not moved on");
                return Resent::NotMoved;
            }
        };
        faults::point("relay::postponed");
        if !sends {
            return Resent::Left;
        }
        let event = match self.kept(overdue, now).await {
            Ok(Some(event)) => event,
            Ok(None) => {
                error!("the ledger has a state of the event, and no receipt");
                return Resent::NotMoved;
            }
            Err(failure) => {
                error!(error = %failure, "the overdue event cannot be read");
                return Resent::NotMoved;
            }
        };
        let sent = self.queue.send(envelope(&event), None).await;
        faults::point("relay::sent");
        if sent.is_err()
            && let Err(failure) = self.ledger.restore(overdue, next).await
        {
            error!(error = %failure, "the event waits for its pause");
        }
        let resent = sent.map_or_else(Resent::NotSent, |()| Resent::Sent);
        if let Some(report) = resent.report(&event, overdue.late(now)) {
            report.emit(&self.settings.stack, Some(&event.key().provider), now);
        }
        resent
    }

    /// Moves an event of a paused source on without sending it. It is kept for as long as the pause lasts.
    async fn put_off(&self, overdue: &Overdue, now: Timestamp) -> Resent {
        match self.ledger.postpone(overdue, false, now).await {
            Ok(Some(_)) => {}
            Ok(None) => return Resent::ByAnother,
            Err(failure) => {
                error!(error = %failure, "the event of a paused source is not moved on");
                return Resent::NotMoved;
            }
        }
        match self.kept(overdue, now).await {
            Ok(_) => Resent::Left,
            Err(failure) => {
                error!(error = %failure, "the event of a paused source cannot be read");
                Resent::NotMoved
            }
        }
    }

    /// What arrived, which is kept for longer if it would soon expire: what has not ended does not.
    async fn kept(
        &self,
        overdue: &Overdue,
        now: Timestamp,
    ) -> Result<Option<Event<'static>>, LedgerError> {
        let Some(receipt) = self.ledger.receipt(&overdue.key).await? else {
            return Ok(None);
        };
        if receipt.expires_at <= now.after(limits::EXTENSION) {
            let expires_at = now.after(self.settings.retention);
            self.ledger.extend(&overdue.key, expires_at).await?;
        }
        Ok(Some(receipt.event))
    }

    /// Writes the line of a run that has found something, with the age of the oldest.
    fn tell(&self, relayed: Relayed, now: Timestamp) {
        if relayed == Relayed::default() {
            return;
        }
        let (outcome, level) = match relayed.failed {
            0 => ("relayed", Level::Warn),
            _ => ("relay_failed", Level::Error),
        };
        let end = End {
            outcome,
            level,
            metric: None,
        };
        let report = Report::new("overdue events", end, None)
            .with("sent", Some(relayed.sent))
            .with("left", Some(relayed.left))
            .with("failed", Some(relayed.failed))
            .measuring(Metric::OldestOverdue, relayed.oldest.as_secs());
        report.emit(&self.settings.stack, None, now);
    }
}

/// Whether so many overdue events, `all` of them or the first ones, are in the queue as it seems, where
/// so many messages wait to be received: then nothing is lost but time, and more messages would make it
/// worse. In a backlog every message that is not fresh is of an overdue event. A busy queue has many more
/// messages than there are overdue events, and those are not among them.
fn are_in_queue(overdue: usize, all: bool, waiting: u64) -> bool {
    let overdue = u64::try_from(overdue).unwrap_or(u64::MAX);
    waiting.saturating_mul(2) >= overdue && (!all || waiting <= overdue.saturating_mul(16))
}

impl Relayed {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.left += other.left;
        self.failed += other.failed;
        self.oldest = self.oldest.max(other.oldest);
    }
}

impl Resent {
    /// The line for the log, if there was a sending.
    fn report(&self, event: &Event<'_>, late: Duration) -> Option<Report> {
        let (end, reason) = match self {
            Self::Sent => {
                let end = End {
                    outcome: "resent",
                    level: Level::Warn,
                    metric: Some(Metric::Resent),
                };
                (end, None)
            }
            Self::NotSent(failure) => {
                let end = End {
                    outcome: "not_sent",
                    level: Level::Error,
                    metric: None,
                };
                (end, Some(failure.to_string()))
            }
            Self::Left | Self::ByAnother | Self::NotMoved => return None,
        };
        let key = event.key();
        let report = Report::new(event.kind(), end, reason.as_deref())
            .with("source", Some(&key.source))
            .with("event.id", Some(&key.id))
            .with("event.kind", Some(event.kind()))
            .with("late_s", Some(late.as_secs()));
        Some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_backlog_from_a_busy_queue_and_from_lost_messages() {
        // A processor that stands still: every message is of an overdue event, or will be.
        for (overdue, all, waiting) in [
            (1, true, 1),
            (100, true, 160),
            (1, true, 5),
            (3_200, false, 1_000_000),
        ] {
            assert!(
                are_in_queue(overdue, all, waiting),
                "{overdue} of {waiting}"
            );
        }
        // Lost messages, beside an idle and a busy queue.
        for (overdue, waiting) in [(1, 0), (100, 0), (100, 30), (3, 500)] {
            assert!(
                !are_in_queue(overdue, true, waiting),
                "{overdue} of {waiting}"
            );
        }
    }
}
