//! The work that an event makes the functions do: their calls, their processor time and their log lines,
//! of the release binaries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use axum::body::Bytes;
use serde_json::Value;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

use crate::bench::contestant::Contestant;
use crate::bench::meter::Usage;
use crate::bench::sample::{Sample, batch};
use crate::bench::stand_in::StandIn;

/// Events whose figures are averaged, and messages of a batch.
pub const EVENTS: u32 = 10;

/// Events before those, which start the function and open its connections.
const BEFORE: u32 = 5;

/// The work of one function for one event, on average.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Processor time, in milliseconds.
    pub cpu_ms: f64,
    /// Bytes of its log lines.
    pub log_bytes: f64,
    /// Calls to AWS: the operation, and the bytes of its body.
    pub calls: Vec<(String, Bytes)>,
}

/// The work that one event costs.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Bytes of the request as the gateway counts it.
    pub request: usize,
    /// Of the receiver, for one event.
    pub receiver: Work,
    /// Of the processor, for one message.
    pub processor: Work,
    /// Messages as they were sent.
    pub messages: Vec<String>,
}

impl Work {
    /// The number of times that it made a call, for one event.
    pub fn calls_of(&self, operation: &str) -> f64 {
        let calls = self.calls.iter().filter(|(name, _)| name == operation);
        f64::from(u32::try_from(calls.count()).unwrap_or(u32::MAX)) / f64::from(EVENTS)
    }

    /// Kinds of calls.
    pub fn kinds(&self) -> f64 {
        let kinds: BTreeSet<&str> = self.calls.iter().map(|(name, _)| name.as_str()).collect();
        f64::from(u32::try_from(kinds.len()).unwrap_or(u32::MAX))
    }

    /// The bytes of each entry that was put on the bus.
    pub fn entries(&self) -> Vec<usize> {
        let calls = self.calls.iter().filter(|(name, _)| name == "PutEvents");
        let bodies = calls.filter_map(|(_, body)| serde_json::from_slice::<Value>(body).ok());
        let details = bodies.flat_map(|body| {
            let entries = body["Entries"].as_array().cloned().unwrap_or_default();
            entries.into_iter().map(|entry| entry.to_string().len())
        });
        details.collect()
    }

    /// All calls, for one event.
    pub fn all_calls(&self) -> f64 {
        let operations: BTreeMap<&str, ()> = self
            .calls
            .iter()
            .map(|(name, _)| (name.as_str(), ()))
            .collect();
        operations
            .keys()
            .map(|operation| self.calls_of(operation))
            .sum()
    }

    /// The largest body of an operation.
    pub fn largest(&self, operation: &str) -> usize {
        let calls = self.calls.iter().filter(|(name, _)| name == operation);
        calls.map(|(_, body)| body.len()).max().unwrap_or_default()
    }
}

/// Lets the receiver and the processor work on events of a kind.
///
/// # Errors
/// [`Failure`] when a function is not built or fails.
pub async fn measure(project: &Project, sample: Sample) -> Result<Measured, Failure> {
    let aws = StandIn::start().await?;
    let events: Vec<Bytes> = (0..EVENTS)
        .map(|_| sample.event(project))
        .collect::<Result<_, _>>()?;
    let receiver = Function::of(project, sample.provider())?;
    let (receiver, messages) = receiver.work(&aws, &events).await?;
    let processor = Function::of(project, "processor")?;
    let (mut processor, _) = processor.work(&aws, &[batch(&messages)]).await?;
    processor.cpu_ms /= f64::from(EVENTS);
    processor.log_bytes /= f64::from(EVENTS);
    let delivery = sample.fixture(project)?.delivery;
    let headers = delivery.headers.iter();
    let headers: usize = headers
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    Ok(Measured {
        request: delivery.body.len() + headers,
        receiver,
        processor,
        messages,
    })
}

struct Function {
    contestant: Contestant,
    log: PathBuf,
}

impl Function {
    fn of(project: &Project, binary: &str) -> Result<Self, Failure> {
        Ok(Self {
            contestant: Contestant::built(project, binary, binary)?,
            log: project.scratch()?.join(format!("cost-{binary}.log")),
        })
    }

    /// Average work for one invocation, and the messages that were sent.
    async fn work(&self, aws: &StandIn, events: &[Bytes]) -> Result<(Work, Vec<String>), Failure> {
        let failure = |error| Failure::new(self.log.display(), error);
        let log = File::create(&self.log).map_err(failure)?;
        let (mut instance, _) = self.contestant.start(&aws.url(), &log).await?;
        for event in events.iter().cycle().take(BEFORE as usize) {
            instance.invoke(event).await?;
        }
        let written = || log.metadata().map(|log| log.len()).map_err(failure);
        let (cpu, begun) = (Usage::of(instance.id()?)?.cpu, written()?);
        aws.keep();
        for event in events {
            instance.invoke(event).await?;
        }
        let heard = aws.heard();
        let invocations = f64::from(u32::try_from(events.len()).unwrap_or(u32::MAX));
        #[expect(clippy::cast_precision_loss, reason = "a few kilobytes")]
        let log_bytes = (written()? - begun) as f64 / invocations;
        let cpu = Usage::of(instance.id()?)?.cpu - cpu;
        let work = Work {
            cpu_ms: cpu.as_secs_f64() * 1000.0 / invocations,
            log_bytes,
            calls: heard.calls,
        };
        Ok((work, heard.messages))
    }
}
