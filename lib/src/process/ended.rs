//! The end of a record, and its line in the log.

use std::time::Duration;

use super::find::Found;
use crate::envelope::UnreadableMessage;
use crate::event::EventKey;
use crate::ledger::{Lease, Settlement};
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
    /// The event had ended before. `untold` if it is failed, and it may be that the attempt that wrote
    /// so could not say so.
    Over { untold: bool },
    /// Another attempt has taken the event over.
    TakenOver,
    /// The event is to be tried again after the pause: a new message brings it.
    Later { cause: String, pause: Duration },
    /// The event waits for that long: another message, or the relay, brings it then.
    NotDue { left: Duration },
    /// Its source is paused: the relay brings the event when it is resumed.
    Paused,
    /// The ledger does not keep the event any more: it had ended.
    Expired,
    /// The event was never in the ledger, and is older than what the ledger keeps.
    TooOld,
    /// The invocation has no time left for it.
    NoTime,
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
    /// The ledger could not be asked for the event.
    NotFound,
    /// The event could not be recorded.
    NotRecorded,
    /// The event could not be claimed.
    NotClaimed,
    /// The end of the attempt could not be written.
    NotSettled,
}

impl Undecided {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "not_in_the_ledger",
            Self::NotFound => "not_found",
            Self::NotRecorded => "not_recorded",
            Self::NotClaimed => "not_claimed",
            Self::NotSettled => "not_settled",
        }
    }
}

impl Ended {
    /// The end of a message that came before its event is due.
    pub(super) fn not_due(due_at: Timestamp, now: Timestamp) -> Self {
        Self::NotDue {
            left: now.age(due_at),
        }
    }

    /// Says whether the message has done its work and can go.
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::Done
            | Self::Ignored
            | Self::Failed
            | Self::Leased
            | Self::Over { .. }
            | Self::Later { .. }
            | Self::Expired
            | Self::Paused
            | Self::TakenOver => true,
            Self::NotDue { .. } => self.hidden_for().is_none(),
            Self::TooOld | Self::NoTime | Self::Undecided(_) | Self::Unreadable(_) => false,
        }
    }

    /// The time after which a new message is to bring the event, if one is.
    pub(super) const fn sent_again_after(&self) -> Option<Duration> {
        match self {
            Self::Later { pause, .. } => Some(*pause),
            _ => None,
        }
    }

    /// The time for which the message is to be hidden, if it is to be at all. A message that comes a
    /// little too early is the one that was sent for this attempt, by another clock.
    pub(super) const fn hidden_for(&self) -> Option<Duration> {
        match self {
            Self::NotDue { left } if left.as_millis() <= limits::SKEW.as_millis() => {
                Some(left.saturating_add(Duration::from_secs(1)))
            }
            Self::NoTime => Some(limits::NO_TIME_PAUSE),
            Self::TooOld | Self::Unreadable(_) => Some(limits::UNREADABLE_PAUSE),
            _ => None,
        }
    }

    fn end(&self) -> End {
        let (outcome, level, metric) = match self {
            Self::Done => ("done", Level::Info, Some(Metric::Done)),
            Self::Ignored => ("ignored", Level::Info, Some(Metric::Ignored)),
            Self::Failed => ("failed", Level::Error, Some(Metric::Failed)),
            Self::Leased => ("leased", Level::Info, None),
            Self::Over { untold: true } => ("ended", Level::Error, Some(Metric::Failed)),
            Self::Over { untold: false } => ("ended", Level::Info, None),
            Self::NotDue { .. } => ("not_due", Level::Info, None),
            Self::Paused => ("paused", Level::Info, None),
            Self::Expired => ("expired", Level::Warn, None),
            Self::TooOld => ("too_old", Level::Error, Some(Metric::Unparsed)),
            Self::NoTime => ("no_time", Level::Warn, None),
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
        let reason = match self {
            Self::Later { cause, .. } => cause.clone(),
            Self::Undecided(step) => step.reason().to_owned(),
            Self::Unreadable(unreadable) => unreadable.to_string(),
            Self::Over { untold: true } => "failed".to_owned(),
            Self::NotDue { left } => format!("it waits for another {} s", left.as_secs()),
            _ => return None,
        };
        Some(reason)
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

    /// Notes the event and the attempt at it.
    pub(super) fn take(&mut self, found: &Found, lease: &Lease, now: Timestamp) {
        self.attempt = Some(lease.attempt());
        if let Some(event) = found.event() {
            let waited = event.received_at().age(now);
            self.kind = Some(event.kind().to_owned());
            self.waited_ms = u64::try_from(waited.as_millis()).ok();
        }
    }

    /// The provider of the event.
    pub(super) fn provider(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.provider.as_str())
    }

    /// True for an event that has ended: its own id says all that its message's could.
    fn is_over(&self, ended: &Ended) -> bool {
        self.key.is_some() && matches!(ended, Ended::Done | Ended::Ignored | Ended::Failed)
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
            .with("message.id", (!self.is_over(ended)).then_some(message_id))
            .with("duration_ms", u64::try_from(took.as_millis()).ok())
    }
}
