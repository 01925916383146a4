//! A clock that runs fast, so that a lease of 75 seconds passes in a few.

use std::time::Duration;

use webhooks::timestamp::Timestamp;

/// The factor by which time passes faster in a trial: leases, retries, the relay's grace, and what the
/// queue hides. Time limits of calls stay as they are, because the calls are real.
pub const HASTE: u32 = 10;

/// The clock of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: i64,
}

impl Clock {
    /// A clock that runs fast from now on.
    pub fn start() -> Self {
        Self {
            origin: Timestamp::now().millis(),
        }
    }

    /// The time that it shows.
    pub fn now(self) -> Timestamp {
        let passed = Timestamp::now().millis() - self.origin;
        Timestamp::from_millis(self.origin + passed * i64::from(HASTE))
    }

    /// The time that it shows at a moment, both in seconds since the Unix epoch.
    pub fn bent(self, seconds: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
        let origin = self.origin as f64 / 1000.0;
        origin + (seconds - origin) * f64::from(HASTE)
    }

    /// The fail point that gives a function this clock, so many milliseconds ahead.
    pub fn failpoint(self, skew: i64) -> String {
        format!("clock=return({} {HASTE} {skew})", self.origin)
    }
}

/// The time that a stretch of the trial's time takes here.
pub fn hastened(time: Duration) -> Duration {
    time / HASTE
}
