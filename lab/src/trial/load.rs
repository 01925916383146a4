//! Load: deliveries of all kinds and sizes, side by side, with duplicates and forgeries among them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join_all, try_join};
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Status};
use webhooks_cli::failure::Failure;

use super::traffic::{Delivered, Heard, Kind, Parcel, Traffic};

/// Deliveries under way at a time.
const CONCURRENCY: usize = 8;

/// In a hundred events, those of which a duplicate is sent at the same moment, and forgeries.
const DUPLICATES: u64 = 10;
const FORGERIES: u64 = 5;

/// The number of times that a person presses "Resend" on a failed event.
const RESENDS: usize = 2;

/// The events that were sent, and what the providers heard.
#[derive(Debug, Default)]
pub struct Sent {
    /// Events and the answers to their deliveries.
    pub events: Vec<(Parcel, Delivered)>,
    /// Events under whose names forgeries were sent, and nothing else.
    pub forged: Vec<EventKey>,
    /// Forgeries that were answered with a 2xx.
    pub taken: usize,
    /// Deliveries in all, of which so many were duplicates.
    pub deliveries: usize,
    /// Deliveries of events that had been delivered before or were at the same moment.
    pub duplicates: usize,
    /// Events that fail, and how often each is still sent again after it has.
    failing: VecDeque<(Parcel, usize)>,
    /// Failed events that were sent again and accepted.
    pub restarted: BTreeSet<String>,
}

/// Sends so many events whose handler ends its process, and then others until `enough`, which is asked
/// before each with the deliveries so far.
///
/// # Errors
/// [`Failure`] when a delivery cannot be made.
pub async fn send(
    traffic: &Traffic,
    ledger: &Ledger,
    deadly: usize,
    enough: impl Fn(usize) -> bool + Send + Sync,
) -> Result<Sent, Failure> {
    let deliveries = Arc::new(AtomicUsize::new(0));
    let workers = (0..CONCURRENCY).map(|_| worker(traffic, ledger, &deliveries, &enough));
    let mut all = Sent::default();
    for _ in 0..deadly {
        let parcel = traffic.parcel(Kind::DeadlyPush, "default", 0)?;
        let delivered = traffic.deliver(&parcel).await?;
        all.deliveries += delivered.heard.len();
        all.events.push((parcel, delivered));
    }
    for sent in join_all(workers).await {
        all.add(sent?);
    }
    Ok(all)
}

async fn worker(
    traffic: &Traffic,
    ledger: &Ledger,
    deliveries: &AtomicUsize,
    enough: &(impl Fn(usize) -> bool + Send + Sync),
) -> Result<Sent, Failure> {
    let mut sent = Sent::default();
    while !enough(deliveries.load(Ordering::Relaxed)) {
        let before = sent.deliveries;
        sent.one(traffic).await?;
        sent.resend(traffic, ledger).await?;
        deliveries.fetch_add(sent.deliveries - before, Ordering::Relaxed);
    }
    Ok(sent)
}

/// A number below 100.
fn roll() -> u64 {
    Uuid::new_v4().as_u64_pair().0 % 100
}

/// The kind of the next event, and the number of bytes that it has more than its event file.
fn next() -> (Kind, usize) {
    match roll() {
        0..25 => (Kind::Push, 0),
        25..35 => (Kind::Push, 50_000),
        35..38 => (Kind::LargePush, 550_000),
        38..65 => (Kind::Charge, 0),
        65..68 => (Kind::BrokenCharge, 0),
        _ => (Kind::Message, 0),
    }
}

impl Sent {
    async fn one(&mut self, traffic: &Traffic) -> Result<(), Failure> {
        let (kind, padding) = next();
        let parcel = traffic.parcel(kind, "default", padding)?;
        if roll() < FORGERIES {
            let heard = traffic.forge(&parcel).await?;
            self.deliveries += 1;
            self.taken += usize::from(matches!(heard, Heard::Status(200..=299)));
            self.forged.push(parcel.key);
            return Ok(());
        }
        let delivered = if roll() < DUPLICATES {
            let copies = try_join(traffic.deliver(&parcel), traffic.deliver(&parcel));
            let (one, other) = copies.await?;
            self.duplicates += other.heard.len();
            one.and(other)
        } else {
            traffic.deliver(&parcel).await?
        };
        self.deliveries += delivered.heard.len();
        if kind == Kind::BrokenCharge {
            self.failing.push_back((parcel.clone(), RESENDS));
        }
        self.events.push((parcel, delivered));
        Ok(())
    }

    /// Sends an event again, if there is one that has failed.
    async fn resend(&mut self, traffic: &Traffic, ledger: &Ledger) -> Result<(), Failure> {
        let Some((parcel, mut left)) = self.failing.pop_front() else {
            return Ok(());
        };
        let found = ledger.find(&parcel.key).await;
        let item = found.map_err(|error| Failure::new("the ledger", error))?;
        if item.is_some_and(|item| item.state.status == Status::Failed) {
            let again = traffic.deliver(&parcel).await?;
            self.duplicates += again.heard.len();
            self.deliveries += again.heard.len();
            if again.heard.last() == Some(&Heard::Status(202)) {
                self.restarted.insert(parcel.key.to_string());
            }
            left -= 1;
        }
        if left > 0 {
            self.failing.push_back((parcel, left));
        }
        Ok(())
    }

    fn add(&mut self, other: Self) {
        self.events.extend(other.events);
        self.forged.extend(other.forged);
        self.restarted.extend(other.restarted);
        self.taken += other.taken;
        self.deliveries += other.deliveries;
        self.duplicates += other.duplicates;
    }
}
