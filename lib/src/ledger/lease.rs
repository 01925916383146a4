//! The hold of an attempt on an event.

use crate::event::EventKey;

/// An attempt's hold on an event. Everything the attempt writes depends on its token, so an
/// attempt that was taken over cannot overwrite its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) key: EventKey,
    pub(super) token: String,
    pub(super) held: Held,
}

impl Lease {
    /// The event's key.
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// The number of this attempt, from 1.
    pub const fn attempt(&self) -> u32 {
        self.held.number()
    }

    /// Attempts of this event that were put back so far.
    pub const fn put_back(&self) -> u32 {
        self.held.put_back
    }
}

/// What an attempt found when it took the event, as far as its end has to be written by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Attempts that count; this one among them if it is alone.
    pub attempts: u32,
    /// True if no other event is in the process.
    pub alone: bool,
    /// Attempts that were put back.
    pub put_back: u32,
    /// The entries of its history.
    pub history: Vec<String>,
}

impl Held {
    /// The number of the attempt.
    pub(super) const fn number(&self) -> u32 {
        if self.alone {
            self.attempts
        } else {
            self.attempts.saturating_add(1)
        }
    }
}
