//! The moment by which a request is answered. It moves with the request: a step has what the steps
//! before it left over, less what those after it need.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::limits;
use crate::timestamp::Timestamp;

/// When a request must be answered.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

/// A step did not end in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time is left")]
pub struct Late;

impl Deadline {
    /// `limit` after the gateway took the request, which is before the start of a function that was
    /// started for it. A time that the gateway cannot have waited since is another clock's, or a
    /// recorded request's, and does not count.
    pub fn new(arrived_at: Option<Timestamp>, limit: Duration, now: Timestamp) -> Self {
        let waited = arrived_at.map_or(Duration::ZERO, |at| at.age(now));
        let waited = if waited > limits::GATEWAY {
            Duration::ZERO
        } else {
            waited
        };
        let left = limit.saturating_sub(waited).max(limits::LAST_STEPS);
        Self(Instant::now() + left)
    }

    /// The result of a step that may take until `rest` before the deadline.
    ///
    /// # Errors
    /// [`Late`] when it takes longer; whether it will yet have its effect is not known then.
    pub async fn leaving<T>(
        self,
        rest: Duration,
        step: impl Future<Output = T>,
    ) -> Result<T, Late> {
        let end = self.0.checked_sub(rest).unwrap_or(self.0);
        timeout_at(end, step).await.map_err(|_| Late)
    }

    /// The same, and no longer than `limit`.
    ///
    /// # Errors
    /// [`Late`], as with [`Deadline::leaving`].
    pub async fn within<T>(
        self,
        limit: Duration,
        rest: Duration,
        step: impl Future<Output = T>,
    ) -> Result<T, Late> {
        let step = tokio::time::timeout(limit, step);
        self.leaving(rest, step).await?.map_err(|_| Late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
    const LIMIT: Duration = Duration::from_secs(8);

    fn left(arrived_before: i64) -> Duration {
        let arrived_at = Timestamp::from_millis(NOW.millis() - arrived_before);
        Deadline::new(Some(arrived_at), LIMIT, NOW).0 - Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn counts_from_the_gateway_where_that_can_be() {
        assert_eq!(left(0), LIMIT);
        assert_eq!(left(3_000), Duration::from_secs(5));
        // Another clock, ahead; a recorded request.
        assert_eq!(left(-60_000), LIMIT);
        assert_eq!(left(3_600_000), LIMIT);
        // What the gateway still waits for has its last steps.
        assert_eq!(left(20_000), limits::LAST_STEPS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_has_what_is_left_and_leaves_what_others_need() {
        let deadline = Deadline::new(None, LIMIT, NOW);
        let long = || tokio::time::sleep(Duration::from_secs(60));
        let start = Instant::now();
        let second = Duration::from_secs(1);
        assert_eq!(deadline.within(second, second, long()).await, Err(Late));
        assert_eq!(start.elapsed(), second);
        assert_eq!(deadline.leaving(3 * second, long()).await, Err(Late));
        assert_eq!(start.elapsed(), 5 * second);
        assert_eq!(deadline.leaving(4 * second, long()).await, Err(Late));
        assert_eq!(start.elapsed(), 5 * second);
        assert_eq!(deadline.leaving(Duration::ZERO, async { 1 }).await, Ok(1));
    }
}
