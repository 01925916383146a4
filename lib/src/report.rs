//! The line that every delivery, record and sending leaves: structured JSON for people and
//! CloudWatch's embedded metric format in one, so that it is written and paid for once
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! A line has ids, outcomes, sizes and times. It never has a secret, a signature, a header map, a
//! body or anything that a person typed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::faults;
use crate::timestamp::Timestamp;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Webhooks";

/// A number in CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Deliveries that were accepted.
    Accepted,
    /// Deliveries of an event that was there already.
    Duplicate,
    /// Pings.
    Ignored,
    /// Deliveries that were refused: 4xx.
    Refused,
    /// Deliveries that could not be made durable or checked: 503.
    Unavailable,
    /// Deliveries beyond the rate of their source.
    Throttled,
    /// Events whose body was known under another id: refused where the source says so, else those
    /// of which one instance had both.
    KnownDigest,
    /// Duplicates with another body.
    Conflict,
    /// Events that were processed.
    Done,
    /// Events that were given up.
    Failed,
    /// Attempts after which an event waits for another.
    Retried,
    /// Events that the relay sent again.
    Resent,
    /// Messages that could not be read.
    Unparsed,
    /// The longest for which an event could have been taken, and was not, in seconds.
    OldestOverdue,
    /// Events that the reconciler has looked up in the ledger.
    Checked,
    /// Those that the ledger never had.
    Missing,
    /// Those that are recorded now.
    Recovered,
    /// Those that cannot be had any more, and times of which nobody can say any more what was sent.
    BeyondRecovery,
    /// The time since which a source was not compared, in seconds.
    OldestUnchecked,
}

impl Metric {
    /// Its definition in the embedded format. A count has no unit: that is what CloudWatch takes it for,
    /// and every line has one.
    fn definition(self) -> Value {
        match self {
            Self::OldestOverdue | Self::OldestUnchecked => {
                json!({"Name": self.name(), "Unit": "Seconds"})
            }
            _ => json!({"Name": self.name()}),
        }
    }

    /// Its name in CloudWatch. Alarms and dashboards name it too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Duplicate => "Duplicate",
            Self::Ignored => "Ignored",
            Self::Refused => "Refused",
            Self::Unavailable => "Unavailable",
            Self::Throttled => "Throttled",
            Self::KnownDigest => "KnownDigest",
            Self::Conflict => "Conflict",
            Self::Done => "Done",
            Self::Failed => "Failed",
            Self::Retried => "Retried",
            Self::Resent => "Resent",
            Self::Unparsed => "Unparsed",
            Self::OldestOverdue => "OldestOverdue",
            Self::Checked => "Checked",
            Self::Missing => "Missing",
            Self::Recovered => "Recovered",
            Self::BeyondRecovery => "BeyondRecovery",
            Self::OldestUnchecked => "OldestUnchecked",
        }
    }
}

/// The weight of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// The ordinary fate of an event.
    Info,
    /// Something odd that was coped with.
    Warn,
    /// Something on which somebody has to act.
    Error,
}

/// The end of a delivery, a record or a sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The word for it.
    pub outcome: &'static str,
    /// The weight of its line.
    pub level: Level,
    /// The metric that counts it.
    pub metric: Option<Metric>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Report {
    fields: Map<String, Value>,
    metrics: Vec<(Metric, u64)>,
}

impl Report {
    /// A line about something that ended so. Above the ordinary it has a message that can be read alone;
    /// of the ordinary there are most, and their outcome and type say the same.
    pub fn new(what: &str, end: End, reason: Option<&str>) -> Self {
        let End {
            outcome,
            level,
            metric,
        } = end;
        let message = match (level, reason) {
            (Level::Info, _) => None,
            (_, Some(reason)) => Some(format!("{what} {outcome}: {reason}")),
            (_, None) => Some(format!("{what} {outcome}")),
        };
        let line = Self {
            fields: Map::new(),
            metrics: metric.map(|metric| (metric, 1)).into_iter().collect(),
        };
        // What has no level is taken for INFO.
        line.with("level", (level != Level::Info).then_some(level))
            .with("message", message)
            .with("outcome", Some(outcome))
            .with("reason", reason)
    }

    /// Adds a field, if there is a value.
    pub fn with(mut self, name: &str, value: Option<impl Serialize>) -> Self {
        if let Some(Ok(value)) = value.map(serde_json::to_value) {
            self.fields.insert(name.to_owned(), value);
        }
        self
    }

    /// Counts one more thing.
    pub fn counting(self, metric: Metric) -> Self {
        self.measuring(metric, 1)
    }

    /// Adds a number.
    pub fn measuring(mut self, metric: Metric, value: u64) -> Self {
        self.metrics.push((metric, value));
        self
    }

    /// The line's JSON.
    pub fn line(mut self, stack: &str, provider: Option<&str>, now: Timestamp) -> String {
        let dimensions: &[&[&str]] = match provider {
            Some(_) => &[&["Stack"], &["Stack", "Provider"]],
            None => &[&["Stack"]],
        };
        if !self.metrics.is_empty() {
            let names: Vec<_> = self
                .metrics
                .iter()
                .map(|(metric, _)| metric.definition())
                .collect();
            let metadata = json!({
                "Timestamp": now.millis(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": dimensions,
                    "Metrics": names,
                }],
            });
            self.fields.insert("_aws".to_owned(), metadata);
        }
        for (metric, value) in self.metrics {
            self.fields.insert(metric.name().to_owned(), json!(value));
        }
        self.fields.insert("Stack".to_owned(), json!(stack));
        if let Some(provider) = provider {
            self.fields.insert("Provider".to_owned(), json!(provider));
        }
        Value::Object(self.fields).to_string()
    }

    /// Writes the line to standard output, where Lambda's log begins.
    pub fn emit(self, stack: &str, provider: Option<&str>, now: Timestamp) {
        if !faults::is_simulated() {
            println!("{}", self.line(stack, provider, now));
        }
    }
}
