//! What a walk has found.

use std::fmt;

use crate::event::EventKey;
use crate::ledger::{Gap, Watermark};
use crate::provider_api::ApiError;
use crate::report::{End, Level, Metric, Report};
use crate::timestamp::Timestamp;

/// What a walk has found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Events that were looked up in the ledger.
    pub checked: u64,
    /// Those that it never had.
    pub findings: Vec<Finding>,
    /// Everything until then was compared.
    pub reached: Option<Timestamp>,
    /// Times of which nobody can say any more what was sent.
    pub gaps: Vec<Gap>,
    /// The reason why the walk did not get through.
    pub stopped: Option<Stopped>,
}

/// An event that the ledger never had.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The event.
    pub key: EventKey,
    /// When it was sent or happened, by the provider's clock.
    pub at: Timestamp,
    /// What became of it.
    pub found: Found,
}

/// What became of an event that never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is missing, and was only looked for.
    Missing,
    /// It is recorded and handed over now.
    Recovered {
        /// True if its bytes are those that the provider signs.
        as_sent: bool,
    },
    /// It arrived meanwhile.
    Arrived,
    /// The provider was asked to send it again.
    AskedFor,
    /// It cannot be had any more.
    Beyond(Beyond),
}

/// The reason why an event cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The API does not know it any more.
    Gone,
    /// The API has no payload of it, and sending it again did not help.
    NoPayload,
    /// What the API has is no event of that kind.
    Malformed,
    /// What the API has names another event.
    AnotherEvent,
    /// It is larger than the ledger takes.
    TooLarge,
}

/// The reason why a walk did not get through. The next one goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Its time was over.
    #[error("the time is over; the next run goes on from here")]
    TimeOver,
    /// The API takes no more calls.
    #[error("the API takes no more calls until {until}; the next run goes on from here")]
    Limited {
        /// When the next call may be made.
        until: Timestamp,
    },
    /// The API did not answer, or refuses.
    #[error(transparent)]
    Api(ApiError),
    /// The ledger, the bucket or the queue did not answer.
    #[error("{0}")]
    NotKept(String),
    /// Another run has moved the watermark.
    #[error("another run is at the same source and has moved its watermark")]
    Overtaken,
}

impl Walked {
    pub(super) fn note(&mut self, mark: &Watermark) {
        self.reached = mark.reached;
        self.gaps.clone_from(&mark.gaps);
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if finding.found != Found::Arrived {
            self.findings.push(finding);
        }
    }

    /// The number of findings of a kind.
    pub fn count(&self, of: impl Fn(Found) -> bool) -> u64 {
        let found = self.findings.iter().filter(|finding| of(finding.found));
        u64::try_from(found.count()).unwrap_or(u64::MAX)
    }

    /// The lines for the log: one for each finding, and one for the walk.
    pub fn reports(&self, provider: &str, source: &str, now: Timestamp) -> Vec<Report> {
        let findings = self.findings.iter();
        let mut reports: Vec<_> = findings.map(|finding| finding.report(provider)).collect();
        reports.push(self.report(provider, source, now));
        reports
    }

    fn report(&self, provider: &str, source: &str, now: Timestamp) -> Report {
        let (outcome, level) = match &self.stopped {
            None => ("reconciled", Level::Info),
            Some(Stopped::TimeOver | Stopped::Limited { .. } | Stopped::Overtaken) => {
                ("reconciling", Level::Warn)
            }
            Some(Stopped::Api(_) | Stopped::NotKept(_)) => ("not_reconciled", Level::Error),
        };
        let end = End {
            outcome,
            level,
            metric: None,
        };
        let reason = self.stopped.as_ref().map(ToString::to_string);
        let late = self.reached.map(|reached| reached.age(now).as_secs());
        let gaps: Vec<_> = self.gaps.iter().map(ToString::to_string).collect();
        let report = Report::new(&format!("{provider}/{source}"), end, reason.as_deref())
            .with("source", Some(source))
            .with("reached", self.reached.map(|reached| reached.to_string()))
            .measuring(Metric::Checked, self.checked)
            .measuring(
                Metric::Missing,
                u64::try_from(self.findings.len()).unwrap_or(u64::MAX),
            );
        let report = match u64::try_from(gaps.len()) {
            Ok(0) | Err(_) => report,
            // As long as nobody has taken note of them.
            Ok(number) => report
                .with("gaps", Some(gaps))
                .measuring(Metric::BeyondRecovery, number),
        };
        match late {
            Some(late) => report.measuring(Metric::OldestUnchecked, late),
            None => report,
        }
    }
}

impl Finding {
    fn report(&self, provider: &str) -> Report {
        let (outcome, level, metric) = match self.found {
            Found::Missing | Found::Arrived => ("missing", Level::Warn, None),
            Found::Recovered { .. } => ("recovered", Level::Warn, Some(Metric::Recovered)),
            Found::AskedFor => ("asked_for", Level::Warn, None),
            Found::Beyond(_) => (
                "beyond_recovery",
                Level::Error,
                Some(Metric::BeyondRecovery),
            ),
        };
        let end = End {
            outcome,
            level,
            metric,
        };
        let reason = match self.found {
            Found::Beyond(beyond) => Some(beyond.reason()),
            _ => None,
        };
        let reserialised = self.found == Found::Recovered { as_sent: false };
        Report::new(&format!("{provider} event"), end, reason)
            .with("source", Some(&self.key.source))
            .with("event.id", Some(&self.key.id))
            .with("sent_at", Some(self.at.to_string()))
            .with("reserialised", reserialised.then_some(true))
    }
}

impl Beyond {
    /// The word for it in logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::NoPayload => "no_payload",
            Self::Malformed => "not_an_event",
            Self::AnotherEvent => "another_event",
            Self::TooLarge => "payload_too_large",
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn lines(walked: &Walked) -> Vec<Value> {
        let now = Timestamp::from_seconds(1000);
        let reports = walked.reports("github", "default", now).into_iter();
        let line = |report: Report| report.line("stack", Some("github"), now);
        reports
            .map(|report| serde_json::from_str(&line(report)).expect("JSON"))
            .collect()
    }

    fn found(found: Found) -> Finding {
        Finding {
            key: "github/default/1:a".parse().expect("a key"),
            at: Timestamp::from_seconds(1),
            found,
        }
    }

    #[test]
    fn a_walk_leaves_a_line_of_its_own_and_one_for_each_finding() {
        let walked = Walked {
            checked: 9,
            findings: vec![
                found(Found::Recovered { as_sent: false }),
                found(Found::Beyond(Beyond::Gone)),
            ],
            reached: Some(Timestamp::from_seconds(700)),
            ..Walked::default()
        };
        let [recovered, gone, walk] = &lines(&walked)[..] else {
            panic!("three lines");
        };
        assert_eq!(recovered["outcome"], "recovered");
        assert_eq!(
            (&recovered["Recovered"], &recovered["reserialised"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(
            (&gone["BeyondRecovery"], &gone["reason"]),
            (&json!(1), &json!("gone"))
        );
        assert_eq!(recovered["event.id"], "1:a");
        assert_eq!(walk["outcome"], "reconciled");
        assert_eq!((&walk["Checked"], &walk["Missing"]), (&json!(9), &json!(2)));
        assert_eq!(walk["OldestUnchecked"], 300);
        assert_eq!(walk.get("BeyondRecovery"), None);
    }

    #[test]
    fn a_gap_counts_as_beyond_recovery_until_somebody_takes_note_of_it() {
        let walked = Walked {
            gaps: vec![Gap {
                from: Timestamp::from_seconds(0),
                to: Timestamp::from_seconds(60),
            }],
            stopped: Some(Stopped::TimeOver),
            ..Walked::default()
        };
        let lines = lines(&walked);
        assert_eq!((lines.len(), &lines[0]["BeyondRecovery"]), (1, &json!(1)));
        let gap = "1970-01-01T00:00:00.000Z to 1970-01-01T00:01:00.000Z";
        assert_eq!(lines[0]["gaps"], json!([gap]));
        assert_eq!(lines[0]["outcome"], "reconciling");
    }
}
