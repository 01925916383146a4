//! The attempts at an event, and what differs between one and the next.

use serde::Serialize;
use webhooks::ledger::{Entry, What};
use webhooks::timestamp::Timestamp;

/// An attempt at processing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Attempt {
    /// Its number, from 1, among those that the history still has.
    pub(crate) number: usize,
    /// When it began.
    pub(crate) began_at: Option<String>,
    /// The time that it took, in milliseconds; none where it did not end with a word.
    pub(crate) duration_ms: Option<i64>,
    /// How it ended; `running` while it has not, `silent` where the next began without its word.
    pub(crate) outcome: &'static str,
    /// What it said.
    pub(crate) detail: Option<String>,
}

/// What differs between an attempt and the one before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    from: usize,
    to: usize,
    field: &'static str,
    before: Option<String>,
    after: Option<String>,
}

/// The attempts that a timeline tells of.
pub(crate) fn attempts(timeline: &[Entry]) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut began: Option<Timestamp> = None;
    for entry in timeline {
        if entry.what == What::Attempt {
            if let Some(before) = attempts.last_mut().filter(|last| last.outcome == RUNNING) {
                before.outcome = "silent";
            }
            began = entry.at;
            attempts.push(Attempt {
                number: attempts.len() + 1,
                began_at: began.map(|at| at.to_string()),
                duration_ms: None,
                outcome: RUNNING,
                detail: None,
            });
        } else if let Some(last) = attempts.last_mut()
            && entry.what.ends_an_attempt()
            && last.outcome == RUNNING
        {
            let took = entry.at.zip(began);
            last.duration_ms = took.map(|(ended, began)| ended.millis() - began.millis());
            last.outcome = entry.what.as_str();
            last.detail.clone_from(&entry.detail);
        }
    }
    attempts
}

/// What has not ended.
const RUNNING: &str = "running";

/// What differs between each attempt and the one before.
pub(crate) fn differences(attempts: &[Attempt]) -> Vec<Difference> {
    let between = |pair: &[Attempt]| {
        let [before, after] = pair else {
            return Vec::new();
        };
        let duration = |attempt: &Attempt| attempt.duration_ms.map(|took| took.to_string());
        let outcome = |attempt: &Attempt| Some(attempt.outcome.to_owned());
        let fields = [
            ("outcome", outcome(before), outcome(after)),
            ("detail", before.detail.clone(), after.detail.clone()),
            ("duration_ms", duration(before), duration(after)),
        ];
        let differing = fields.into_iter().filter_map(|(field, was, is)| {
            (was != is).then_some(Difference {
                from: before.number,
                to: after.number,
                field,
                before: was,
                after: is,
            })
        });
        differing.collect()
    };
    attempts.windows(2).flat_map(between).collect()
}

/// The differences as lines for people.
pub(crate) fn told(attempts: &[Attempt]) -> Vec<String> {
    let word = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let lines = differences(attempts).into_iter().map(|difference| {
        let Difference {
            from, to, field, ..
        } = difference;
        let (before, after) = (word(difference.before), word(difference.after));
        format!("  attempt {from} to {to}: {field} {before} -> {after}")
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return vec!["  no two attempts differ".to_owned()];
    }
    lines
}
