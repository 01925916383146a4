//! The lines of the table of costs: units times prices.

use serde_json::Value;
use webhooks_cli::failure::Failure;
use webhooks_cli::template::Template;

use super::args::CostArgs;
use super::ledger::Life;
use super::measure::{EVENTS, Measured};
use super::price::Prices;
use crate::bench::sample::Sample;

/// A kind of event, and what it makes the stack do.
#[derive(Debug)]
pub struct Column {
    /// Which kind.
    pub sample: Sample,
    /// The work of its functions.
    pub measured: Measured,
    /// The work of the ledger.
    pub life: Life,
}

/// A service's part, or a sum.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: &'static str,
    /// For a million events of each kind.
    pub dollars: Vec<f64>,
    /// True if it is a part of the total.
    part: bool,
}

const MILLION: f64 = 1_000_000.0;

/// Memory of one virtual processor, in MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const PROCESSOR_MB: f64 = 1769.0;

/// The share of invocations that X-Ray follows; Lambda does not let it be set
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>).
const TRACED: f64 = 0.05;

/// The bytes that Lambda itself writes for each invocation at its level INFO: a start and a report, in JSON
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>).
const PLATFORM_LOG: f64 = 526.0;

/// Days that the ledger keeps an event where nobody says otherwise, in months.
const MONTHS: f64 = 1.0;

/// The same for a payload in the bucket.
const OBJECT_MONTHS: f64 = 1.5;

/// All lines.
///
/// # Errors
/// [`Failure`] when the price file lacks a price.
pub fn lines(
    args: &CostArgs,
    prices: &Prices,
    template: &Template,
    columns: &[Column],
) -> Result<Vec<Line>, Failure> {
    let bill = Bill {
        args,
        prices,
        template,
    };
    let mut lines = Vec::new();
    for (name, part) in parts() {
        lines.push(bill.line(name, part, columns, true)?);
    }
    lines.push(bill.line("all in", Bill::all, columns, false)?);
    let others: [(&'static str, Part<'_>); 5] = [
        ("without the effect", |bill, column| {
            let parts = [Bill::bus(bill, column)?, Bill::topic(bill, column)?];
            Ok(bill.all(column)? - parts.iter().sum::<f64>())
        }),
        ("the floor", Bill::floor),
        ("kept for 30 days", Bill::kept),
        ("a duplicate", Bill::duplicate),
        ("one more attempt", Bill::attempt),
    ];
    for (name, other) in others {
        lines.push(bill.line(name, other, columns, false)?);
    }
    Ok(lines)
}

/// What an event costs in all.
const fn parts<'a>() -> [(&'static str, Part<'a>); 16] {
    [
        ("API Gateway", Bill::gateway),
        ("Lambda: requests", Bill::invocations),
        ("Lambda: time of the receiver", Bill::receiving),
        ("Lambda: time of the processor", Bill::processing),
        ("DynamoDB: receipt", |bill, column| {
            bill.writes(column.life.record.all())
        }),
        ("DynamoDB: claim", |bill, column| {
            bill.writes(column.life.claim.all())
        }),
        ("DynamoDB: end", Bill::ending),
        ("DynamoDB: the relay's look", Bill::look),
        ("SQS", Bill::queue),
        ("S3", Bill::objects),
        ("EventBridge (the effect)", Bill::bus),
        ("SNS (the effect)", Bill::topic),
        // Every key here is AWS's own, and no call for one event asks for it.
        ("KMS", |_, _| Ok(0.0)),
        ("Logs of the functions", Bill::function_logs),
        ("Log of the gateway", Bill::gateway_log),
        ("X-Ray", Bill::traces),
    ]
}

/// Which service a kind of event costs most in, and how much of all.
pub fn dominant(lines: &[Line], column: usize) -> String {
    let parts = || lines.iter().filter(|line| line.part);
    let service = |line: &Line| {
        line.name
            .split([':', ' '])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let sum = |name: &str| -> f64 {
        let of_service = parts().filter(|line| service(line) == name);
        of_service.map(|line| line.dollars[column]).sum()
    };
    let total: f64 = parts().map(|line| line.dollars[column]).sum();
    let most = parts()
        .map(service)
        .max_by(|one, other| sum(one).total_cmp(&sum(other)));
    let most = most.unwrap_or_default();
    format!(
        "{most} is {:.0} % of {total:.2}",
        100.0 * sum(&most) / total
    )
}

/// The function that makes a line.
type Part<'a> = fn(&Bill<'a>, &Column) -> Result<f64, Failure>;

struct Bill<'a> {
    args: &'a CostArgs,
    prices: &'a Prices,
    template: &'a Template,
}

impl<'a> Bill<'a> {
    fn line(
        &self,
        name: &'static str,
        of: Part<'a>,
        columns: &[Column],
        part: bool,
    ) -> Result<Line, Failure> {
        let dollars = columns.iter().map(|column| of(self, column));
        Ok(Line {
            name,
            dollars: dollars.collect::<Result<_, _>>()?,
            part,
        })
    }
}

impl Bill<'_> {
    /// All parts together.
    fn all(&self, column: &Column) -> Result<f64, Failure> {
        let parts = parts().into_iter().map(|(_, part)| part(self, column));
        parts.sum()
    }

    /// The least that a pipeline of this form could cost: a request, an invocation, one put, one send, one
    /// claim and one settlement of a unit each, and nothing else.
    fn floor(&self, column: &Column) -> Result<f64, Failure> {
        let requests = 1.0 + 2.0 / self.args.batch;
        Ok(self.prices.of("http_api_request", MILLION)?
            + self.invocations(column)?
            + self.writes(3.0)?
            + self.prices.of("sqs_request", requests * MILLION)?)
    }

    fn gateway(&self, column: &Column) -> Result<f64, Failure> {
        let chunks = self
            .prices
            .chunks("http_api_request", column.measured.request)?;
        self.prices.of("http_api_request", chunks * MILLION)
    }

    fn invocations(&self, _: &Column) -> Result<f64, Failure> {
        let invocations = 1.0 + 1.0 / self.args.batch;
        self.prices.of("lambda_request", invocations * MILLION)
    }

    fn receiving(&self, column: &Column) -> Result<f64, Failure> {
        let work = &column.measured.receiver;
        let resource = &resource(column.sample);
        self.time(resource, work.all_calls(), work.cpu_ms, 1.0)
    }

    /// The calls for a batch's records are side by side, one kind after another.
    fn processing(&self, column: &Column) -> Result<f64, Failure> {
        let work = &column.measured.processor;
        let cpu = work.cpu_ms * self.args.batch;
        self.time("ProcessorFunction", work.kinds(), cpu, self.args.batch)
    }

    /// Waiting for calls, and computing at the share of a processor that the memory gives.
    fn time(&self, function: &str, calls: f64, cpu_ms: f64, events: f64) -> Result<f64, Failure> {
        let memory = self.template.properties(function)["MemorySize"].as_f64();
        let memory = memory.ok_or_else(|| Failure::of(format!("{function} has no MemorySize")))?;
        let computing = cpu_ms / (memory / PROCESSOR_MB).min(1.0);
        let billed_ms = (calls * self.args.call_ms + computing).ceil();
        let gb_seconds = billed_ms / 1000.0 * memory / 1024.0 / events;
        self.prices
            .of("lambda_gb_second_arm64", gb_seconds * MILLION)
    }

    fn writes(&self, units: f64) -> Result<f64, Failure> {
        match self.args.provisioned {
            None => self.prices.of("dynamodb_write_unit", units * MILLION),
            Some(used) => {
                let hours = units * MILLION / 3600.0 / used;
                self.prices.of("dynamodb_provisioned_write_hour", hours)
            }
        }
    }

    /// With an effect in the same transaction, the table's writes count twice, and the handler's
    /// row is one more.
    fn ending(&self, column: &Column) -> Result<f64, Failure> {
        let settle = column.life.settle;
        let transactions = column.measured.processor.calls_of("TransactWriteItems");
        let twice = transactions * (f64::from(settle.table) + 2.0);
        self.writes(settle.all() + twice)
    }

    /// The relay reads every event's state once, as it was a moment ago: half a unit. The stream is read by
    /// Lambda, for nothing.
    fn look(&self, _: &Column) -> Result<f64, Failure> {
        self.prices.of("dynamodb_read_unit", MILLION / 2.0)
    }

    fn queue(&self, column: &Column) -> Result<f64, Failure> {
        let messages = &column.measured.messages;
        let sizes = messages.iter().map(String::len);
        let largest = sizes.clone().max().unwrap_or_default();
        let sent = self.prices.chunks("sqs_request", largest)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a batch's bytes"
        )]
        let together = (largest as f64 * self.args.batch) as usize;
        let received = self.prices.chunks("sqs_request", together)? / self.args.batch;
        let deleted = 1.0 / self.args.batch;
        self.prices
            .of("sqs_request", (sent + received + deleted) * MILLION)
    }

    fn objects(&self, column: &Column) -> Result<f64, Failure> {
        let put = column.measured.receiver.calls_of("PutObject");
        let got = column.measured.processor.calls_of("GetObject");
        Ok(self.prices.of("s3_put", put * MILLION)? + self.prices.of("s3_get", got * MILLION)?)
    }

    fn bus(&self, column: &Column) -> Result<f64, Failure> {
        let entries = column.measured.processor.entries();
        let chunks = entries
            .iter()
            .map(|size| self.prices.chunks("eventbridge_event", *size));
        let chunks: Vec<f64> = chunks.collect::<Result<_, _>>()?;
        let events = chunks.iter().fold(0.0, |sum, chunks| sum + chunks) / f64::from(EVENTS);
        self.prices.of("eventbridge_event", events * MILLION)
    }

    fn topic(&self, column: &Column) -> Result<f64, Failure> {
        let work = &column.measured.processor;
        let chunks = self.prices.chunks("sns_publish", work.largest("Publish"))?;
        let published = work.calls_of("Publish") * chunks;
        self.prices.of("sns_publish", published * MILLION)
    }

    fn function_logs(&self, column: &Column) -> Result<f64, Failure> {
        let own = column.measured.receiver.log_bytes + column.measured.processor.log_bytes;
        let logging = &self.template.globals()["LoggingConfig"];
        let platform = if logging["SystemLogLevel"] == "WARN" {
            0.0
        } else {
            PLATFORM_LOG * (1.0 + 1.0 / self.args.batch)
        };
        self.gigabytes("log_gb_lambda", own + platform)
    }

    fn gateway_log(&self, _: &Column) -> Result<f64, Failure> {
        let settings = &self.template.properties("Api")["AccessLogSettings"]["Fn::If"][1];
        let line = access_line(&settings["Format"]);
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        self.gigabytes("log_gb_vended", f64::from(length))
    }

    fn traces(&self, _: &Column) -> Result<f64, Failure> {
        self.traced(1.0 + 1.0 / self.args.batch)
    }

    /// So many invocations for each event. By default Lambda follows none by itself.
    fn traced(&self, invocations: f64) -> Result<f64, Failure> {
        let tracing = &self.template.document()["Parameters"]["Tracing"]["Default"];
        let share = if tracing == "Active" { TRACED } else { 0.0 };
        self.prices.of("xray_trace", share * invocations * MILLION)
    }

    /// Storage and its point-in-time recovery, or the object's storage.
    fn kept(&self, column: &Column) -> Result<f64, Failure> {
        #[expect(clippy::cast_precision_loss, reason = "an item's bytes")]
        let item = column.life.kept as f64;
        let of_item = self.gigabytes("dynamodb_storage_gb_month", item * MONTHS)?
            + self.gigabytes("dynamodb_pitr_gb_month", item * MONTHS)?;
        let object = column.measured.receiver.largest("PutObject");
        #[expect(clippy::cast_precision_loss, reason = "a payload's bytes")]
        let object = object as f64 * OBJECT_MONTHS;
        Ok(of_item + self.gigabytes("s3_storage_gb_month", object)?)
    }

    /// Another delivery of an event that has ended: the refused put and the count.
    fn duplicate(&self, column: &Column) -> Result<f64, Failure> {
        let receiver = &column.measured.receiver;
        Ok(self.gateway(column)?
            + self.prices.of("lambda_request", MILLION)?
            + self.receiving(column)?
            + self.writes(column.life.duplicate.all())?
            // A large payload is uploaded before its item is found.
            + self.prices.of("s3_put", receiver.calls_of("PutObject") * MILLION)?
            + self.gigabytes("log_gb_lambda", receiver.log_bytes)?
            + self.gateway_log(column)?
            + self.traced(1.0)?)
    }

    /// Another attempt by itself: the end of the one before, the claim, and a message sent, received and
    /// processed once more.
    fn attempt(&self, column: &Column) -> Result<f64, Failure> {
        let writes = column.life.retry.all() + column.life.claim.all();
        let fetched = column.measured.processor.calls_of("GetObject");
        let sent_and_received = 1.0 + 1.0 / self.args.batch;
        Ok(self.writes(writes)?
            + self.prices.of("sqs_request", sent_and_received * MILLION)?
            + self
                .prices
                .of("lambda_request", MILLION / self.args.batch)?
            + self.processing(column)?
            + self.prices.of("s3_get", fetched * MILLION)?
            + self.traced(1.0 / self.args.batch)?
            + self.gigabytes("log_gb_lambda", column.measured.processor.log_bytes)?)
    }

    /// A million times so many bytes. Prices are for gigabytes of 10^9 bytes.
    fn gigabytes(&self, name: &str, bytes: f64) -> Result<f64, Failure> {
        self.prices.of(name, bytes * MILLION / 1e9)
    }
}

fn resource(sample: Sample) -> String {
    format!("{}Function", sample.provider())
}

/// A line of the gateway's log with values as they are.
fn access_line(format: &Value) -> String {
    let format = format["Fn::Sub"].as_str().or(format.as_str());
    let mut line = format.unwrap_or_default().to_owned();
    for (name, value) in [
        ("${AWS::StackName}", "webhooks"),
        ("$context.requestId", "cmVxdWVzdC0wMDE="),
        ("$context.requestTimeEpoch", "1767225600000"),
        ("$context.requestTime", "01/Jan/2026:00:00:00 +0000"),
        ("$context.httpMethod", "POST"),
        ("$context.routeKey", "ANY /webhooks/github"),
        ("$context.status", "202"),
        ("$context.responseLatency", "14"),
        ("$context.integrationLatency", "12"),
        ("$context.integrationErrorMessage", "-"),
        ("$context.identity.sourceIp", "192.0.2.133"),
        ("$context.identity.userAgent", "GitHub-Hookshot/760256b"),
    ] {
        line = line.replace(name, value);
    }
    line
}
