//! The key of an event that should have ended, and the time at which it is overdue.

use std::time::Duration;

use super::attributes::{Attributes, PK};
use super::keys::event_of;
use super::reader::{Reader, UnreadableItem};
use crate::event::EventKey;
use crate::limits;
use crate::timestamp::Timestamp;

/// An event that should have ended by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Its key.
    pub key: EventKey,
    pub(super) overdue_at: Timestamp,
    due_at: Timestamp,
}

impl Overdue {
    /// The time for which it could have been taken, and was not.
    pub fn late(&self, now: Timestamp) -> Duration {
        self.due_at.age(now)
    }

    /// The pause before the relay looks at it again: as long as it is late, so that it is about twice
    /// the one before. Whatever starts the event again starts the pauses again.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        self.late(now)
            .clamp(2 * limits::GRACE, limits::RESEND_PAUSE)
    }
}

impl TryFrom<Attributes> for Overdue {
    type Error = UnreadableItem;

    fn try_from(mut row: Attributes) -> Result<Self, UnreadableItem> {
        let mut row = Reader(&mut row);
        let time = |millis| Timestamp::from_millis(millis);
        Ok(Self {
            key: event_of(&row.text(PK)?).map_err(|_| UnreadableItem(PK))?,
            overdue_at: time(row.number("overdue_at")?),
            due_at: time(row.number("due_at")?),
        })
    }
}
