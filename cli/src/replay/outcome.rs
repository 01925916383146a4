//! What became of each event of a replay.

use std::collections::BTreeMap;

use serde::Serialize;
use webhooks::ledger::Summary;

use super::chosen::Chosen;
use crate::search::Read;

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It would be started again.
    WouldStart,
    /// It stands elsewhere, and was left alone.
    Left,
    /// It was started again, and was processed.
    Done,
    /// It was started again, and its handler had nothing to do.
    Ignored,
    /// It was started again, and failed again.
    FailedAgain,
    /// It was started again, and has not ended.
    Open,
    /// The replay stopped before it.
    NotReached,
    /// Something kept it from being started.
    Error,
    /// It was sent to this machine.
    Sent,
}

impl Outcome {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::WouldStart => "would start",
            Self::Left => "left alone",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::FailedAgain => "failed again",
            Self::Open => "open",
            Self::NotReached => "not reached",
            Self::Error => "error",
            Self::Sent => "sent",
        }
    }

    /// True if nobody has to look at it.
    pub(crate) const fn is_well(self) -> bool {
        matches!(
            self,
            Self::WouldStart | Self::Done | Self::Ignored | Self::Sent
        )
    }
}

/// One event of a replay.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Where it stood before.
    pub(crate) status: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) detail: Option<String>,
}

impl Line {
    pub(crate) fn of(event: &Summary, outcome: Outcome, detail: Option<String>) -> Self {
        Self {
            id: event.key.to_string(),
            kind: event.kind.clone(),
            status: event.status.as_str(),
            outcome,
            detail,
        }
    }
}

/// The JSON of a replay. The fields stay.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) reason: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) ran: bool,
    pub(crate) stopped: bool,
    pub(crate) events: Vec<Line>,
    pub(crate) counts: BTreeMap<Outcome, usize>,
    pub(crate) read: Read,
}

impl Report {
    /// The report on these events.
    pub(crate) fn of(chosen: &Chosen, events: Vec<Line>) -> Self {
        let mut counts = BTreeMap::new();
        for line in &events {
            *counts.entry(line.outcome).or_default() += 1;
        }
        Self {
            reason: None,
            by: None,
            ran: false,
            stopped: false,
            events,
            counts,
            read: chosen.read,
        }
    }
}
