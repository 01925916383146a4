//! The pauses as a processor knows them: read again every few seconds, and those at hand when they cannot be.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::event::EventKey;
use crate::ledger::{Ledger, Pauses};
use crate::limits;
use crate::timestamp::Timestamp;

/// The pauses that one processor knows.
#[derive(Debug, Default)]
pub struct KnownPauses(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    pauses: Pauses,
    read_at: Option<Timestamp>,
}

impl KnownPauses {
    /// Reads them again when those at hand are too old. A processor that has never read any goes on as if there were
    /// none: while the ledger does not answer it cannot claim anything either.
    pub(super) async fn keep_fresh(&self, ledger: &Ledger, now: Timestamp) {
        let is_fresh = |at: Timestamp| at.age(now) < limits::PAUSES_AGE;
        if self.with(|known| known.read_at.is_some_and(is_fresh)) {
            return;
        }
        match ledger.pauses().await {
            Ok(pauses) => self.with(|known| {
                *known = Known {
                    pauses,
                    read_at: Some(now),
                };
            }),
            Err(failure) => {
                warn!(error = %failure, "the pauses cannot be read; going on with those at hand");
            }
        }
    }

    /// True if events of this source are not to be processed.
    pub(super) fn cover(&self, key: &EventKey) -> bool {
        self.with(|known| known.pauses.cover(key))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
