//! What a tail has shown, so that it shows everything once: each look begins before the one before it ended, because
//! an index is behind its table, and a receiver records some time after the receipt.

use std::collections::HashSet;
use std::time::Duration;

use webhooks::event::EventKey;
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use super::LONGEST;
use crate::moment::Moment;

/// The time that an event is held back, so that one whose entry comes a little later takes its place before it.
pub(super) const HOLD: Duration = Duration::from_secs(1);

/// The part of the past that every look sees again: longer than a receiver runs.
const OVERLAP: Duration = limits::GRACE;

/// A look that sees a longer part again comes after so many others.
const WIDE: u32 = 30;

/// Events that were shown, or need not be looked at again.
pub(super) struct Seen {
    begin: Timestamp,
    looked_at: Timestamp,
    looks: u32,
    newest: Timestamp,
    events: HashSet<(EventKey, Timestamp)>,
}

impl Seen {
    /// Nothing yet, of what happens from then on.
    pub(super) fn from(begin: Timestamp) -> Self {
        Self {
            begin,
            looked_at: begin,
            looks: 0,
            newest: begin,
            events: HashSet::new(),
        }
    }

    /// The time from which a look has to begin. After a pause, as of a laptop that slept, that is before the
    /// look that came before it.
    pub(super) fn since(&self, now: Timestamp) -> Timestamp {
        let overlap = if self.looks % WIDE == WIDE - 1 {
            LONGEST
        } else {
            OVERLAP
        };
        let from = self.looked_at.min(now);
        Moment::Ago(overlap).resolve(from).max(self.begin)
    }

    /// Notes that a look is through.
    pub(super) fn looked(&mut self, now: Timestamp) {
        self.looked_at = now;
        self.looks = self.looks.wrapping_add(1);
        let oldest = Moment::Ago(LONGEST + OVERLAP).resolve(now);
        self.events.retain(|(_, at)| *at >= oldest);
    }

    /// True if it was shown or passed over.
    pub(super) fn has(&self, key: &EventKey, at: Timestamp) -> bool {
        self.events.contains(&(key.clone(), at))
    }

    /// Notes that it is shown; says whether a younger one was before it.
    pub(super) fn show(&mut self, key: &EventKey, at: Timestamp) -> bool {
        self.pass(key, at);
        let is_late = at < self.newest;
        self.newest = self.newest.max(at);
        is_late
    }

    /// Notes that it need not be looked at again.
    pub(super) fn pass(&mut self, key: &EventKey, at: Timestamp) {
        self.events.insert((key.clone(), at));
    }
}
