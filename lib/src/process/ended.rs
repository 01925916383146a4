//! The end of a record, and its line in the log.

use std::time::Duration;

use crate::envelope::UnreadableMessage;
use crate::event::EventKey;
use crate::ledger::{Item, Settlement};
use crate::limits;
use crate::report::{End, Level, Metric, Report};
use crate::timestamp::Timestamp;

/// The end of a record: for the queue, which may have to bring its message again, and for the log.
#[derive(Debug)]
pub(super) enum Ended {
    /// The event is processed.
    Done,
    /// There was nothing to do for the event.
    Ignored,
    /// The event is given up.
    Failed,
    /// Another attempt holds the event.
    Leased,
    /// The event had ended before.
    Over,
    /// Another attempt has taken the event over.
    TakenOver,
    /// The event waits; the message comes again after the pause.
    Later { cause: String, pause: Duration },
    /// Nothing could be written down; the message comes again by itself.
    Undecided(Undecided),
    /// The message can never be read: on to the dead-letter queue.
    Unreadable(UnreadableMessage),
}

/// The step at which nothing could be written down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Undecided {
    /// The ledger does not have the event, and the message does not carry it.
    Unknown,
    /// The event could not be claimed.
    NotClaimed,
    /// The end of the attempt could not be written.
    NotSettled,
}

impl Undecided {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "not_in_the_ledger",
            Self::NotClaimed => "not_claimed",
            Self::NotSettled => "not_settled",
        }
    }
}

impl Ended {
    /// Says whether the message has done its work and can go.
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::Done
            | Self::Ignored
            | Self::Failed
            | Self::Leased
            | Self::Over
            | Self::TakenOver => true,
            Self::Later { .. } | Self::Undecided(_) | Self::Unreadable(_) => false,
        }
    }

    /// The time for which the message is to be hidden, if it is to be at all.
    pub(super) const fn pause(&self) -> Option<Duration> {
        match self {
            Self::Later { pause, .. } => Some(*pause),
            Self::Unreadable(_) => Some(limits::UNREADABLE_PAUSE),
            Self::Done
            | Self::Ignored
            | Self::Failed
            | Self::Leased
            | Self::Over
            | Self::TakenOver
            | Self::Undecided(_) => None,
        }
    }

    fn end(&self) -> End {
        let (outcome, level, metric) = match self {
            Self::Done => ("done", Level::Info, Some(Metric::Done)),
            Self::Ignored => ("ignored", Level::Info, Some(Metric::Ignored)),
            Self::Failed => ("failed", Level::Error, Some(Metric::Failed)),
            Self::Leased => ("leased", Level::Info, None),
            Self::Over => ("ended", Level::Info, None),
            Self::TakenOver => ("taken_over", Level::Info, None),
            Self::Later { .. } => ("retry", Level::Warn, Some(Metric::Retried)),
            Self::Undecided(_) => ("undecided", Level::Error, None),
            Self::Unreadable(_) => ("unreadable", Level::Error, Some(Metric::Unparsed)),
        };
        End {
            outcome,
            level,
            metric,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Later { cause, .. } => Some(cause.clone()),
            Self::Undecided(step) => Some(step.reason().to_owned()),
            Self::Unreadable(unreadable) => Some(unreadable.to_string()),
            Self::Done
            | Self::Ignored
            | Self::Failed
            | Self::Leased
            | Self::Over
            | Self::TakenOver => None,
        }
    }
}

impl From<&Settlement> for Ended {
    fn from(settlement: &Settlement) -> Self {
        match settlement {
            Settlement::Done(_) => Self::Done,
            Settlement::Ignored => Self::Ignored,
            Settlement::Failed { .. } => Self::Failed,
            Settlement::Retry { cause, pause } | Settlement::Released { cause, pause } => {
                Self::Later {
                    cause: cause.clone(),
                    pause: *pause,
                }
            }
        }
    }
}

/// The facts about a record that are known so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    key: Option<EventKey>,
    kind: Option<String>,
    attempt: Option<u32>,
    waited_ms: Option<u64>,
}

impl Notes {
    /// Notes the event that the message names.
    pub(super) fn name(&mut self, key: &EventKey) {
        self.key = Some(key.clone());
    }

    /// Notes the event as the ledger has it.
    pub(super) fn take(&mut self, item: &Item, now: Timestamp) {
        let waited = item.event.received_at().age(now);
        self.kind = Some(item.event.kind().to_owned());
        self.attempt = Some(item.attempts);
        self.waited_ms = u64::try_from(waited.as_millis()).ok();
    }

    /// The provider of the event.
    pub(super) fn provider(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.provider.as_str())
    }

    /// The line for the log.
    pub(super) fn report(&self, ended: &Ended, message_id: &str, took: Duration) -> Report {
        let what = self.kind.as_deref().unwrap_or("message");
        Report::new(what, ended.end(), ended.reason().as_deref())
            .with("source", self.key.as_ref().map(|key| &key.source))
            .with("event.id", self.key.as_ref().map(|key| &key.id))
            .with("event.kind", self.kind.as_ref())
            .with("attempt", self.attempt)
            .with("waited_ms", self.waited_ms)
            .with("message.id", Some(message_id))
            .with("duration_ms", u64::try_from(took.as_millis()).ok())
    }
}
