//! The relay: sends again what is recorded, overdue and not ended.

use std::time::Instant;

use futures::stream::{self, StreamExt};
use serde::Serialize;
use tracing::error;

use crate::envelope::envelope;
use crate::ledger::{Ledger, Overdue, UNSETTLED_SHARDS};
use crate::queue::Queue;
use crate::report::{Level, Metric, Report};
use crate::settings::RelaySettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

/// What the relay needs.
#[derive(Debug)]
pub struct Relay {
    /// How it is set up.
    pub settings: RelaySettings,
    /// Where overdue events are found.
    pub ledger: Ledger,
    /// Where they are sent.
    pub queue: Queue,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Relayed {
    /// Events sent again.
    pub sent: u32,
    /// Events that could not be moved on or sent; the next run finds them.
    pub failed: u32,
}

/// What became of one overdue event.
enum Resent {
    Sent,
    ByAnother,
    Failed,
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
                match self.resend(event, now).await {
                    Resent::Sent => relayed.sent += 1,
                    Resent::ByAnother => {}
                    Resent::Failed => relayed.failed += 1,
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
                error!(event.id = %overdue.key.id, error = %failure, "the overdue event is not moved on");
                return Resent::Failed;
            }
        };
        faults::point("relay::postponed");
        let sent = self.queue.send(envelope(&item.event), None).await;
        faults::point("relay::sent");
        if sent.is_err()
            && let Err(failure) = self.ledger.restore(overdue, &item).await
        {
            error!(event.id = %overdue.key.id, error = %failure, "the event waits for its pause");
        }
        let (level, outcome) = match &sent {
            Ok(()) => (Level::Warn, "resent"),
            Err(_) => (Level::Error, "not_sent"),
        };
        let report = Report::new(level, format!("{} {outcome}", item.event.kind()))
            .with("reason", sent.as_ref().err().map(ToString::to_string))
            .with("outcome", Some(outcome))
            .with("source", Some(&item.event.key().source))
            .with("event.id", Some(&item.event.key().id))
            .with("event.kind", Some(item.event.kind()))
            .with("resends", Some(item.resends));
        let (report, resent) = match sent {
            Ok(()) => (report.counting(Metric::Resent), Resent::Sent),
            Err(_) => (report, Resent::Failed),
        };
        report.emit(&self.settings.stack, Some(&item.event.key().provider), now);
        resent
    }
}
