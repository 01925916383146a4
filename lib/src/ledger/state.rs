//! The state: what became of an event so far. Small, because every transition writes it.

use super::attributes::Attributes;
use super::history;
use super::reader::{Reader, UnreadableItem};
use super::status::Status;
use crate::timestamp::Timestamp;

/// What became of an event so far. An event that nobody has taken yet has none in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its status.
    pub status: Status,
    /// Attempts at processing since it was received, or received again after it had failed, as far as
    /// they count: one that ended without a word counts if its event was alone in the process.
    pub attempts: u32,
    /// Deliveries after the first that changed nothing.
    pub duplicates: u32,
    /// The time of the last of them.
    pub repeated_at: Option<Timestamp>,
    /// Deliveries of the same id with another body.
    pub conflicts: u32,
    /// Deliveries that started it again after it had failed.
    pub redeliveries: u32,
    /// Sendings by the relay.
    pub resends: u32,
    /// Attempts that were put back before the handler ran, since it was received or received again.
    pub put_back: u32,
    /// The cause for which the last attempt did not succeed.
    pub cause: Option<String>,
    /// The time before which nobody may claim it: the end of a pause, or of the present attempt's lease.
    pub due_at: Option<Timestamp>,
    /// The time at which the relay looks at it next, or at which it failed.
    pub overdue_at: Option<Timestamp>,
    /// Time and transition, oldest first.
    pub history: Vec<String>,
    /// True if the last attempt had the process for itself.
    pub(super) alone: bool,
    /// The token of the last write that has one.
    pub(super) token: Option<String>,
}

impl State {
    /// Reads a state; of an item without one, that of an event which nobody has taken yet. An item of
    /// the first edition is receipt and state in one, under the same names.
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, UnreadableItem> {
        let mut item = Reader(attributes);
        let status = match item.text("status") {
            Ok(status) => Status::parse(&status).ok_or(UnreadableItem("status"))?,
            Err(_) => Status::Received,
        };
        let time = |millis: Result<i64, _>| millis.ok().map(Timestamp::from_millis);
        Ok(Self {
            status,
            attempts: item.count("attempts"),
            duplicates: item.count("duplicates"),
            repeated_at: time(item.number("repeated_at")),
            conflicts: item.count("conflicts"),
            redeliveries: item.count("redeliveries"),
            resends: item.count("resends"),
            put_back: item.count("put_back"),
            cause: item.text("cause").ok(),
            due_at: time(item.number("due_at")),
            overdue_at: time(item.number("overdue_at")),
            history: item.texts("history"),
            alone: item.count("alone") > 0,
            token: item.text("token").ok(),
        })
    }

    /// The history with its times as people write them.
    pub(super) fn told(self) -> Self {
        Self {
            history: self.history.into_iter().map(history::told).collect(),
            ..self
        }
    }
}
