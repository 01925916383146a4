//! The end of an attempt.

use std::time::Duration;

use super::status::Status;
use super::writes::Writes;

/// The end of an attempt.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// Processed. The writes and the status commit together or not at all.
    Done(Writes),
    /// Ignored by the handler.
    Ignored,
    /// Put off: to be tried again after the pause.
    Retry {
        /// The cause.
        cause: String,
        /// The time to wait.
        pause: Duration,
    },
    /// Put off before the handler has run: the attempt does not count.
    Released {
        /// The cause.
        cause: String,
        /// The time to wait.
        pause: Duration,
    },
    /// Given up.
    Failed {
        /// The cause.
        cause: String,
    },
}

impl Settlement {
    /// The status in which it leaves the event.
    pub const fn status(&self) -> Status {
        match self {
            Self::Done(_) => Status::Done,
            Self::Ignored => Status::Ignored,
            Self::Retry { .. } | Self::Released { .. } => Status::Waiting,
            Self::Failed { .. } => Status::Failed,
        }
    }
}
