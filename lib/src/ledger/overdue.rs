//! The key of an event that should have ended, and the time at which it is overdue.

use std::time::Duration;

use super::attributes::{Attributes, PK};
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
    resends: u32,
}

impl Overdue {
    /// The pause before it is sent once more: doubles with every sending.
    pub(super) fn pause(&self) -> Duration {
        limits::GRACE
            .saturating_mul(2_u32.saturating_pow(self.resends.saturating_add(1)))
            .min(limits::RESEND_PAUSE)
    }
}

impl TryFrom<Attributes> for Overdue {
    type Error = UnreadableItem;

    fn try_from(mut row: Attributes) -> Result<Self, UnreadableItem> {
        let mut row = Reader(&mut row);
        Ok(Self {
            key: row.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?,
            overdue_at: Timestamp::from_millis(row.number("overdue_at")?),
            resends: row.count("resends"),
        })
    }
}
