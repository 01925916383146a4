//! Writes that meet on one item: DynamoDB refuses one of two when a transaction is among them.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// Tries again while another write is in the way, for a while and ever more slowly.
#[derive(Debug)]
pub(super) struct Contention {
    deadline: Instant,
    pause: Duration,
}

impl Contention {
    pub(super) fn begin() -> Self {
        Self {
            deadline: Instant::now() + limits::CONTENTION,
            pause: limits::CONTENTION / 32,
        }
    }

    /// Pauses, and says whether there is time for another try.
    pub(super) async fn try_again(&mut self) -> bool {
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Instant::now() < self.deadline
    }
}
