//! The line that every delivery, record and sending leaves: structured JSON for people and
//! CloudWatch's embedded metric format in one, so that it is written and paid for once
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! A line has ids, outcomes, sizes and times. It never has a secret, a signature, a header map, a
//! body or anything that a person typed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::timestamp::Timestamp;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Webhooks";

/// A count in CloudWatch.
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
}

impl Metric {
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
    metrics: Vec<Metric>,
}

impl Report {
    /// A line about something that ended so, with a message that can be read alone.
    pub fn new(what: &str, end: End, reason: Option<&str>) -> Self {
        let End {
            outcome,
            level,
            metric,
        } = end;
        let message = match reason {
            Some(reason) => format!("{what} {outcome}: {reason}"),
            None => format!("{what} {outcome}"),
        };
        let line = Self {
            fields: Map::new(),
            metrics: metric.into_iter().collect(),
        };
        line.with("level", Some(level))
            .with("message", Some(message))
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
    pub fn counting(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
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
                .map(|metric| json!({"Name": metric.name(), "Unit": "Count"}))
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
        for metric in self.metrics {
            self.fields.insert(metric.name().to_owned(), json!(1));
        }
        self.fields.insert("Stack".to_owned(), json!(stack));
        if let Some(provider) = provider {
            self.fields.insert("Provider".to_owned(), json!(provider));
        }
        Value::Object(self.fields).to_string()
    }

    /// Writes the line to standard output, where Lambda's log begins.
    pub fn emit(self, stack: &str, provider: Option<&str>, now: Timestamp) {
        println!("{}", self.line(stack, provider, now));
    }
}
