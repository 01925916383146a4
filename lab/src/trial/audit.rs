//! The audit: what was promised for each event, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use serde_json::Value;
use webhooks::event::EventKey;
use webhooks::ledger::{Item, Ledger, Status};
use webhooks::limits;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::probe::Probe;

use super::clock::HASTE;
use super::random_faults::LATEST;
use super::traffic::{Delivered, Heard, Kind, Parcel};

/// Calls that one attempt makes for one effect, at most.
const CALLS: usize = limits::CALL_ATTEMPTS as usize;

/// The longest that a write takes by the trial's clock: it may be late on its way, and calls pass no
/// faster than on AWS.
const SLOWEST: Duration = limits::CALL.saturating_add(LATEST).saturating_mul(HASTE);

/// Events looked up at a time.
const CONCURRENCY: usize = 8;

/// The pause between two looks at what has not ended.
const PAUSE: Duration = Duration::from_millis(500);

/// The counts of an audit.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Events that were acknowledged to their provider.
    pub acknowledged: usize,
    /// Events whose provider never heard a 2xx.
    pub unacknowledged: usize,
    /// Events in the ledger, by how they ended.
    pub ended: BTreeMap<&'static str, usize>,
    /// Acknowledged events that have not ended, or ended without their effect.
    pub lost: Vec<String>,
    /// Effects in a transaction that happened more than once.
    pub doubled: Vec<String>,
    /// Effects outside a transaction that were repeated, with the same idempotency key: at least
    /// once is what is promised of them.
    pub repeated: usize,
    /// Deliveries with a broken signature that were taken.
    pub forged: usize,
    /// Genuine deliveries that were answered with a 4xx.
    pub refused: Vec<String>,
    /// Events whose history is none that the ledger's transitions leave.
    pub illegal: Vec<String>,
    /// From receipt to the end of each event, in this machine's time.
    pub until_ended: Vec<Duration>,
}

/// The events of a trial when it is over.
#[derive(Debug, Default)]
pub struct Standing {
    /// Those that have ended.
    pub ended: BTreeMap<String, Item>,
    /// Those that are in the ledger or were acknowledged, and have not ended: they are lost.
    pub open: BTreeSet<String>,
}

/// Waits until every event that is in the ledger or was acknowledged has ended, or the time is
/// over.
///
/// # Errors
/// [`Failure`] when the ledger does not answer.
pub async fn settle(
    ledger: &Ledger,
    events: &[(Parcel, Delivered)],
    time_limit: Duration,
    progress: impl Fn(usize),
) -> Result<Standing, Failure> {
    let deadline = Instant::now() + time_limit;
    let mut ended = BTreeMap::new();
    let mut open: Vec<&(Parcel, Delivered)> = events.iter().collect();
    loop {
        let looks = stream::iter(open.into_iter().map(async |event| {
            let found = ledger.find(&event.0.key).await;
            (event, found)
        }));
        let looks: Vec<_> = looks.buffer_unordered(CONCURRENCY).collect().await;
        open = Vec::new();
        for (event, found) in looks {
            match found.map_err(|error| Failure::new("the ledger", error))? {
                Some(item) if item.state.status.has_ended() => {
                    ended.insert(event.0.key.to_string(), item);
                }
                Some(_) => open.push(event),
                None if event.1.acknowledged() => open.push(event),
                None => {}
            }
        }
        progress(open.len());
        if open.is_empty() || Instant::now() > deadline {
            let open = open.iter().map(|event| event.0.key.to_string()).collect();
            return Ok(Standing { ended, open });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Audit {
    /// Compares what was promised with what came of it.
    ///
    /// # Errors
    /// [`Failure`] when the effects cannot be counted.
    pub async fn take(
        events: &[(Parcel, Delivered)],
        standing: &Standing,
        probe: &mut Probe,
    ) -> Result<Self, Failure> {
        let effects = probe.tally().await?;
        let mut audit = Self::default();
        for (parcel, delivered) in events {
            let key = parcel.key.to_string();
            let effects = effects.get(&key).copied().unwrap_or(0);
            audit.count(parcel, delivered, standing.ended.get(&key), effects);
            // One that its provider took for refused is the ledger's all the same.
            if standing.open.contains(&key) && !delivered.acknowledged() {
                audit
                    .lost
                    .push(format!("{key}: in the ledger and not ended"));
            }
        }
        Ok(audit)
    }

    fn count(
        &mut self,
        parcel: &Parcel,
        delivered: &Delivered,
        item: Option<&Item>,
        effects: usize,
    ) {
        let key = parcel.key.to_string();
        if delivered.acknowledged() {
            self.acknowledged += 1
        } else {
            self.unacknowledged += 1
        }
        if delivered
            .heard
            .iter()
            .any(|heard| matches!(heard, Heard::Status(400..=499)))
        {
            self.refused.push(format!("{key}: {:?}", delivered.heard));
        }
        match item {
            Some(item) => {
                let illegal = item.illegalities(SLOWEST).into_iter();
                let told = &item.state.history;
                self.illegal
                    .extend(illegal.map(|why| format!("{key}: {why}: {told:?}")));
                *self.ended.entry(item.state.status.as_str()).or_default() += 1;
                self.until_ended.extend(took(item));
            }
            None if delivered.acknowledged() => self.lost.push(format!("{key}: not ended")),
            None => {}
        }
        let expected = match (parcel.kind, item.map(|item| item.state.status)) {
            (Kind::BrokenCharge | Kind::DeadlyPush, Some(Status::Failed)) => return,
            (_, Some(Status::Done)) => 1,
            (_, Some(status)) if delivered.acknowledged() => {
                let cause = item
                    .and_then(|item| item.state.cause.clone())
                    .unwrap_or_default();
                self.lost
                    .push(format!("{key}: {} ({cause})", status.as_str()));
                return;
            }
            (_, Some(_) | None) => 0,
        };
        if effects < expected {
            self.lost.push(format!("{key}: done, and no effect"));
        }
        match parcel.kind {
            Kind::Charge | Kind::BrokenCharge if effects > 1 => {
                self.doubled.push(format!("{key}: {effects} times"));
            }
            Kind::Charge | Kind::BrokenCharge => {}
            Kind::Push | Kind::DeadlyPush | Kind::LargePush | Kind::Message => {
                self.repeated += effects.saturating_sub(1);
                // The SDK makes a call again whose answer is lost.
                let claims = item.map_or(usize::MAX, Item::most_attempts);
                if effects > claims.saturating_mul(CALLS) {
                    let told = format!("{key}: {effects} effects of {claims} attempts");
                    self.doubled.push(told);
                }
            }
        }
    }

    /// A failed event that was accepted once more has to have started again. Several deliveries that
    /// were accepted before it did start it once.
    pub fn compare(&mut self, restarted: &BTreeSet<String>, ended: &BTreeMap<String, Item>) {
        for key in restarted {
            if ended
                .get(key)
                .is_none_or(|item| item.state.redeliveries == 0)
            {
                self.lost
                    .push(format!("{key}: accepted again, and not started"));
            }
        }
    }

    /// Compares what a second audit counted: both have to find the same.
    ///
    /// # Errors
    /// [`Failure`] when they do not.
    pub fn agrees(&self, second: &Result<Value, Failure>) -> Result<(), Failure> {
        let counts = match second {
            Ok(counts) => counts,
            // What it found broken, this one has found too.
            Err(_) if !self.is_clean() => return Ok(()),
            Err(failure) => return Err(Failure::of(failure.to_string())),
        };
        let ours = [
            ("acknowledged", self.acknowledged),
            ("lost", self.lost.len()),
            ("doubled", self.doubled.len()),
            ("refused", self.refused.len()),
            ("repeated", self.repeated),
        ];
        let differs = ours.iter().find(|(name, count)| counts[*name] != *count);
        match differs {
            None => Ok(()),
            Some((name, count)) => Err(Failure::of(format!(
                "two audits differ in what is {name}: {count} and {}",
                counts[*name]
            ))),
        }
    }

    /// True if every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.broken().next().is_none() && self.forged == 0
    }

    fn broken(&self) -> impl Iterator<Item = &String> {
        let unkept = self.lost.iter().chain(&self.doubled);
        unkept.chain(&self.refused).chain(&self.illegal)
    }

    /// Prints what it counted.
    pub fn print(&self) {
        self.lines().iter().for_each(|line| println!("  {line}"));
    }

    fn lines(&self) -> Vec<String> {
        let ended = self
            .ended
            .iter()
            .map(|(status, count)| format!("{count} {status}"));
        let ended: Vec<String> = ended.collect();
        let mut lines = vec![
            format!("acknowledged  {}", self.acknowledged),
            format!("ended         {}", ended.join(", ")),
            format!("lost          {}", self.lost.len()),
            format!("doubled       {}", self.doubled.len()),
            format!(
                "repeated      {} effects outside a transaction, each with the same idempotency key",
                self.repeated
            ),
            format!(
                "refused       {} events whose provider never heard a 2xx, {} answered with a 4xx",
                self.unacknowledged,
                self.refused.len()
            ),
            format!("illegal       {} histories", self.illegal.len()),
            format!("forged        {} taken", self.forged),
        ];
        let broken = self.broken().take(20);
        lines.extend(broken.map(|broken| format!("  BROKEN {broken}")));
        lines
    }
}

/// From receipt to the end, by the item's own history.
fn took(item: &Item) -> Option<Duration> {
    let end: Timestamp = item.state.history.last()?.split(' ').next()?.parse().ok()?;
    Some(item.receipt.event.received_at().age(end) / HASTE)
}

/// Keys that must not be in the ledger, and are.
///
/// # Errors
/// [`Failure`] when the ledger does not answer.
pub async fn intruders(ledger: &Ledger, keys: &[EventKey]) -> Result<usize, Failure> {
    let mut count = 0;
    for key in keys {
        let found = ledger.find(key).await;
        let found = found.map_err(|error| Failure::new("the ledger", error))?;
        count += usize::from(found.is_some());
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(kind: Kind, heard: Heard, effects: usize) -> Audit {
        let parcel = Parcel::sample(kind);
        let delivered = Delivered {
            heard: vec![heard],
            took: Duration::ZERO,
        };
        let mut audit = Audit::default();
        audit.count(&parcel, &delivered, None, effects);
        audit
    }

    #[test]
    fn misses_what_was_acknowledged_and_has_not_ended() {
        let lost = audit(Kind::Push, Heard::Status(202), 0);
        assert_eq!((lost.lost.len(), lost.is_clean()), (1, false));
        let refused = audit(Kind::Push, Heard::Status(503), 0);
        assert_eq!((refused.unacknowledged, refused.is_clean()), (1, true));
    }

    #[test]
    fn tells_a_doubled_payment_from_a_repeated_notification() {
        let doubled = audit(Kind::Charge, Heard::Nothing, 2);
        assert_eq!((doubled.doubled.len(), doubled.is_clean()), (1, false));
        let repeated = audit(Kind::Message, Heard::Nothing, 2);
        assert_eq!((repeated.repeated, repeated.is_clean()), (1, true));
    }
}
