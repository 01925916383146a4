//! The judgement of a world: what was promised for each event, and what came of it.

use std::collections::BTreeMap;
use std::hash::Hasher;

use webhooks::ledger::{Item, Status};
use webhooks::limits;

use super::deliveries::Parcel;
use super::dynamodb::number;
use super::handlers::{self, DEADLY, FAILING, PAYMENTS};
use super::network::Cloud;

/// What became of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Deliveries that were made.
    pub deliveries: u64,
    /// Events that were acknowledged.
    pub acknowledged: u64,
    /// Acknowledged or recorded events that have not ended as they should.
    pub lost: Vec<String>,
    /// Transactional effects that were made twice, and others that came more often than attempts.
    pub doubled: Vec<String>,
    /// Histories that no transition leaves.
    pub illegal: Vec<String>,
    /// Calls to AWS.
    pub calls: u64,
    /// A digest of everything that happened, in its order.
    pub trace: u64,
}

impl Outcome {
    /// True if every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.illegal.is_empty()
    }
}

/// What a provider heard of one event.
pub(super) struct Sent {
    pub(super) deliveries: u64,
    pub(super) acknowledged: bool,
}

/// Compares what was promised with what came of it, when everything has had its time to end.
pub(super) fn judge(
    cloud: &Cloud,
    parcels: &[Parcel],
    sent: &[Sent],
    items: &[Option<Item>],
) -> Outcome {
    let rows = cloud.dynamodb.items(PAYMENTS);
    let payments: BTreeMap<&str, i64> = rows
        .filter_map(|row| {
            Some((
                row["payment_id"].as_s().ok()?.as_str(),
                number(row, "events"),
            ))
        })
        .collect();
    let mut outcome = Outcome {
        calls: cloud.calls,
        trace: cloud.trace.finish(),
        ..Outcome::default()
    };
    for ((parcel, sent), item) in parcels.iter().zip(sent).zip(items) {
        let key = parcel.key.to_string();
        outcome.deliveries += sent.deliveries;
        outcome.acknowledged += u64::from(sent.acknowledged);
        let Some(item) = item else {
            if sent.acknowledged {
                outcome
                    .lost
                    .push(format!("{key}: acknowledged, and not in the ledger"));
            }
            continue;
        };
        let history = &item.state.history;
        let illegal = item.illegalities(limits::CALL).into_iter();
        outcome
            .illegal
            .extend(illegal.map(|why| format!("{key}: {why}: {history:?}")));
        let plain = cloud.effects.get(&key).copied().unwrap_or(0);
        let paid = payments.get(key.as_str()).copied().unwrap_or(0);
        let effects = i64::from(plain) + paid;
        if !ended_well(parcel, item, effects) {
            outcome
                .lost
                .push(format!("{key}: {effects} effects: {history:?}"));
        }
        let attempts = i64::try_from(item.most_attempts()).unwrap_or(i64::MAX);
        if paid > 1 || effects > attempts {
            outcome
                .doubled
                .push(format!("{key}: {effects} effects: {history:?}"));
        }
    }
    outcome
}

/// Whether an event has ended as its handler wants it to.
fn ended_well(parcel: &Parcel, item: &Item, effects: i64) -> bool {
    let number = handlers::number(&parcel.key.id);
    let charge = parcel.provider == "stripe";
    let gives_up = match (charge, number % 13) {
        (true, _) => number.is_multiple_of(FAILING),
        (false, 1) => true,
        (false, _) => number.is_multiple_of(DEADLY),
    };
    match item.state.status {
        Status::Done => effects > 0 && !gives_up,
        Status::Ignored => !charge && number % 13 == 3,
        // Whoever died too often beside it may have taken its attempts: alone, eight times.
        Status::Failed => gives_up || died_often(item),
        Status::Received | Status::Processing | Status::Waiting => false,
    }
}

/// Whether the event's process ended so often while it was alone that its attempts are used up.
fn died_often(item: &Item) -> bool {
    let cause = item.state.cause.as_deref().unwrap_or_default();
    let claims = item.state.history.iter();
    let claims = claims
        .filter(|entry| entry.ends_with(" processing"))
        .count();
    cause.contains("attempts") && claims >= 8
}
