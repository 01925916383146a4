//! The relay: sends events again that are recorded, overdue and not ended.

use std::time::Instant;

use futures::stream::{self, StreamExt};
use serde::Serialize;
use tracing::{Instrument, error, info_span};

use crate::envelope::envelope;
use crate::ledger::{Item, Ledger, Overdue, UNSETTLED_SHARDS};
use crate::queue::{Queue, QueueError};
use crate::report::{End, Level, Metric, Report};
use crate::settings::RelaySettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

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
    /// Events that could not be moved on or sent; the next run finds them.
    pub failed: u32,
}

/// The end of an attempt to send one overdue event again.
enum Resent {
    /// The queue has it.
    Sent,
    /// The queue did not take it.
    NotSent(QueueError),
    /// Another relay was faster.
    ByAnother,
    /// The ledger did not move it on, so nothing was sent.
    NotMoved,
}

/// Events read at a time from one shard of the index.
const PAGE: i32 = 100;
/// Failures in one shard after which a run leaves it to the next.
const FAILURES: u32 = 3;
/// Events in hand at a time.
pub const CONCURRENCY: usize = 16;

impl Relay {
    /// Looks through every shard until nothing is overdue or the time for work is over.
    pub async fn run(&self, now: Timestamp) -> Relayed {
        let deadline = Instant::now() + limits::RELAY_WORK;
        let shards = stream::iter(0..UNSETTLED_SHARDS);
        let runs = shards
            .map(|shard| self.shard(shard, now, deadline))
            .buffer_unordered(CONCURRENCY);
        let add = |sum: Relayed, run: Relayed| Relayed {
            sent: sum.sent + run.sent,
            failed: sum.failed + run.failed,
        };
        runs.fold(Relayed::default(), |sum, run| async move { add(sum, run) })
            .await
    }

    async fn shard(&self, shard: u8, now: Timestamp, deadline: Instant) -> Relayed {
        let mut relayed = Relayed::default();
        while Instant::now() < deadline {
            let overdue = match self.ledger.overdue(shard, now, PAGE).await {
                Ok(overdue) => overdue,
                Err(failure) => {
                    error!(shard, error = %failure, "the overdue events cannot be read");
                    relayed.failed += 1;
                    break;
                }
            };
            let before = relayed;
            if !overdue.is_empty() {
                faults::point("relay::found");
            }
            for event in &overdue {
                let span = info_span!("sending", event.id = %event.key.id);
                match self.resend(event, now).instrument(span).await {
                    Resent::Sent => relayed.sent += 1,
                    Resent::ByAnother => {}
                    Resent::NotSent(_) | Resent::NotMoved => relayed.failed += 1,
                }
                // Something is down: the next run will see.
                if relayed.failed == FAILURES {
                    return relayed;
                }
            }
            // A page that moved nothing on would be read again for ever.
            let full = usize::try_from(PAGE).is_ok_and(|page| overdue.len() == page);
            if !full || relayed.sent == before.sent {
                break;
            }
        }
        relayed
    }

    /// Moves one event on, and only then sends it: of two relays at work, one sends. If the queue
    /// does not take it, it is moved back, so that the next run sends it; if this one stops in
    /// between, the event is overdue again after its pause.
    async fn resend(&self, overdue: &Overdue, now: Timestamp) -> Resent {
        let item = match self.ledger.postpone(overdue, now).await {
            Ok(Some(item)) => item,
            Ok(None) => return Resent::ByAnother,
            Err(failure) => {
                error!(error = %failure, "the overdue event is not moved on");
                return Resent::NotMoved;
            }
        };
        faults::point("relay::postponed");
        let sent = self.queue.send(envelope(&item.event), None).await;
        faults::point("relay::sent");
        if sent.is_err()
            && let Err(failure) = self.ledger.restore(overdue, &item).await
        {
            error!(error = %failure, "the event waits for its pause");
        }
        let resent = sent.map_or_else(Resent::NotSent, |()| Resent::Sent);
        if let Some(report) = resent.report(&item) {
            report.emit(&self.settings.stack, Some(&item.event.key().provider), now);
        }
        resent
    }
}

impl Resent {
    /// The line for the log, if there was a sending.
    fn report(&self, item: &Item) -> Option<Report> {
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
            Self::ByAnother | Self::NotMoved => return None,
        };
        let key = item.event.key();
        let report = Report::new(item.event.kind(), end, reason.as_deref())
            .with("source", Some(&key.source))
            .with("event.id", Some(&key.id))
            .with("event.kind", Some(item.event.kind()))
            .with("resends", Some(item.resends));
        Some(report)
    }
}
