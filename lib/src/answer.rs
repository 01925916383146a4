//! The answers that senders hear.

use crate::provider::meaning::Reply;

/// The answer to one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The event is durable and will be processed.
    Accepted {
        /// The event's id.
        id: String,
    },
    /// The event was there already.
    Duplicate {
        /// The event's id.
        id: String,
    },
    /// Genuine, and nothing to do.
    Ignored {
        /// The event's id.
        id: String,
    },
    /// The provider asks whose the endpoint is, and hears it.
    Challenged(Reply),
    /// Genuine, but not what the provider's documentation describes.
    Malformed,
    /// The signature does not hold, or there is no such source: a stranger cannot tell the two apart.
    Unauthenticated,
    /// The provider sends no deliveries with this method.
    MethodNotAllowed,
    /// Larger than can be kept.
    TooLarge,
    /// More than the source takes at this time: to be sent again.
    Throttled,
    /// The event could not be made durable, or no secret is at hand to check it.
    Unavailable,
}

/// The time that a sender waits before it tries again after [`Answer::Unavailable`] or
/// [`Answer::Throttled`], in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 30;

impl Answer {
    /// The HTTP status, where the provider's profile says nothing else. 4xx asks the sender to change
    /// something, 5xx to send it again.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Accepted { .. } => 202,
            Self::Duplicate { .. } | Self::Ignored { .. } | Self::Challenged(_) => 200,
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::Throttled | Self::Unavailable => 503,
        }
    }

    /// The word in the body, in the header `Webhook-Outcome` and in the log.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Duplicate { .. } => "duplicate",
            Self::Ignored { .. } | Self::Challenged(_) => "ignored",
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
        }
    }

    /// The event's id, where the answer is a positive one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Accepted { id } | Self::Duplicate { id } | Self::Ignored { id } => Some(id),
            Self::Challenged(_)
            | Self::Malformed
            | Self::Unauthenticated
            | Self::MethodNotAllowed
            | Self::TooLarge
            | Self::Throttled
            | Self::Unavailable => None,
        }
    }
}
