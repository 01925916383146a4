//! The result of a delivery: the answer to its sender, and its line in the log.

use crate::answer::Answer;
use crate::event::Event;
use crate::provider::identity::Identity;
use crate::report::{End, Level, Metric, Report};

/// The result of a delivery, for the sender and for the log.
#[derive(Debug)]
pub struct Receipt {
    /// The answer to the sender.
    pub answer: Answer,
    notes: Notes,
}

/// Notes for the log line, besides the answer.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) reason: Option<&'static str>,
    pub(super) source: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) event_kind: Option<String>,
    pub(super) size_bytes: Option<usize>,
    pub(super) secret: Option<usize>,
    pub(super) conflict: bool,
    /// The body is known under another id.
    pub(super) known_digest: bool,
    pub(super) first_id: Option<String>,
    pub(super) addresses_unavailable: bool,
    /// The events of a batch, each with what became of it.
    pub(super) elements: Vec<Receipt>,
}

/// The reason why a delivery got no further.
pub(super) struct Stop {
    answer: Answer,
    reason: &'static str,
}

pub(super) const fn stop(answer: Answer, reason: &'static str) -> Stop {
    Stop { answer, reason }
}

impl Notes {
    /// The notes that are known of an element of a batch that is no event.
    pub(super) fn of_nothing(&self) -> Self {
        Self {
            source: self.source.clone(),
            secret: self.secret,
            addresses_unavailable: self.addresses_unavailable,
            ..Self::default()
        }
    }

    /// The notes that are known of an event of a batch.
    pub(super) fn of_element(&self, event: &Event<'_>) -> Self {
        Self {
            event_id: Some(event.key().id.clone()),
            event_kind: event
                .kind()
                .split_once('.')
                .map(|(_, kind)| kind.to_owned()),
            size_bytes: Some(event.payload().bytes.len()),
            ..self.of_nothing()
        }
    }

    pub(super) fn name(&mut self, identity: &Identity) {
        self.event_id = Some(identity.id.clone());
        self.event_kind = Some(identity.kind.clone());
    }
}

impl Receipt {
    pub(super) fn new(kept: Result<Answer, Stop>, mut notes: Notes) -> Self {
        let answer = kept.unwrap_or_else(|Stop { answer, reason }| {
            notes.reason = Some(reason);
            answer
        });
        Self { answer, notes }
    }

    /// The type of the event that the delivery brings, if it brings one.
    pub fn kind(&self) -> Option<&str> {
        self.notes.event_kind.as_deref()
    }

    /// The lines for the log: one, or one for each event of a batch.
    pub fn reports(&self, provider: &str, request_id: Option<&str>, took_ms: u128) -> Vec<Report> {
        if self.notes.elements.is_empty() {
            return vec![self.report(provider, request_id, took_ms)];
        }
        let elements = self.notes.elements.iter();
        elements
            .map(|element| element.report(provider, request_id, took_ms))
            .collect()
    }

    /// The line for the log of a delivery that brings one event.
    pub fn report(&self, provider: &str, request_id: Option<&str>, took_ms: u128) -> Report {
        let Notes {
            reason,
            source,
            event_id,
            event_kind,
            size_bytes,
            secret,
            conflict,
            known_digest,
            first_id,
            addresses_unavailable,
            elements: _,
        } = &self.notes;
        let outcome = self.answer.outcome();
        let what = event_kind.as_deref().unwrap_or("delivery");
        let (level, metric) = match &self.answer {
            Answer::Accepted { .. } => (Level::Info, Metric::Accepted),
            Answer::Duplicate { .. } => (Level::Info, Metric::Duplicate),
            Answer::Ignored { .. } | Answer::Challenged(_) => (Level::Info, Metric::Ignored),
            Answer::Malformed
            | Answer::Unauthenticated
            | Answer::MethodNotAllowed
            | Answer::TooLarge => (Level::Warn, Metric::Refused),
            Answer::Throttled => (Level::Warn, Metric::Throttled),
            Answer::Unavailable => (Level::Error, Metric::Unavailable),
        };
        let end = End {
            outcome,
            level,
            metric: Some(metric),
        };
        let report = Report::new(&format!("{provider} {what}"), end, *reason)
            .with("source", source.as_ref())
            .with("event.id", event_id.as_ref())
            .with(
                "event.kind",
                event_kind.as_ref().map(|kind| format!("{provider}.{kind}")),
            )
            .with("size_bytes", *size_bytes)
            .with("secret.line", secret.map(|index| index + 1))
            .with("conflict", conflict.then_some(true))
            .with("known_digest", known_digest.then_some(true))
            .with("first.id", first_id.as_ref())
            .with("addresses", addresses_unavailable.then_some("unavailable"))
            .with("request.id", request_id)
            .with("duration_ms", u64::try_from(took_ms).ok());
        let report = if *conflict {
            report.counting(Metric::Conflict)
        } else {
            report
        };
        if *known_digest {
            report.counting(Metric::KnownDigest)
        } else {
            report
        }
    }
}
