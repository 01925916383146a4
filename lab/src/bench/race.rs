//! One contestant with what it is given, and what was measured of it.

use std::fs::File;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use serde_json::Value;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

use super::contestant::Contestant;
use super::figures::Figures;
use super::meter::Usage;
use super::sample::Sample;
use super::stand_in::StandIn;
use crate::instance::Instance;

/// The load that a contestant is given.
#[derive(Clone, Debug)]
pub enum Load {
    /// A new delivery in every round.
    Deliveries(Sample),
    /// The same batch of messages again and again.
    Batch {
        /// The batch.
        event: Bytes,
        /// Its messages.
        messages: usize,
    },
}

/// The figures that were measured. Times are in milliseconds, of the middle half of all rounds in the end.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// From the start of a process until it asks for its first event.
    pub init: Figures,
    /// From the first event until its answer.
    pub first: Figures,
    /// The same for every later event.
    pub warm: Figures,
    /// Processor time of one event, or of one message of a batch: one figure for a round.
    pub cpu: Figures,
    /// Calls to AWS for one event or message: one figure for a round.
    pub calls: Figures,
    /// Most memory of a process, in bytes.
    pub peak: u64,
    /// The deployment package, in bytes.
    pub package: u64,
}

/// A contestant at work.
#[derive(Debug)]
pub struct Race {
    /// Who.
    pub contestant: Contestant,
    /// With what.
    pub load: Load,
    /// Warm events in one round.
    pub events: u32,
    /// The figures so far.
    pub measured: Measured,
    warm: Option<Instance>,
}

impl Race {
    /// A race that has not begun.
    pub fn new(contestant: Contestant, load: Load, events: u32) -> Self {
        Self {
            contestant,
            load,
            events,
            measured: Measured::default(),
            warm: None,
        }
    }

    /// One cold start, and a number of events to a process that lives as long as the race.
    ///
    /// # Errors
    /// [`Failure`] when the contestant does not do its work.
    pub async fn round(
        &mut self,
        project: &Project,
        aws: &StandIn,
        log: &File,
    ) -> Result<(), Failure> {
        let event = match &self.load {
            Load::Deliveries(sample) => sample.event(project)?,
            Load::Batch { event, .. } => event.clone(),
        };
        let (mut cold, init) = self.contestant.start(&aws.url(), log).await?;
        let (first, answer) = cold.invoke(&event).await?;
        self.check(&answer)?;
        self.measured.init.add(millis(init));
        self.measured.first.add(millis(first));
        self.measured.peak = self.measured.peak.max(Usage::of(cold.id()?)?.peak);
        let mut warm = match self.warm.take() {
            Some(warm) => {
                cold.end().await?;
                warm
            }
            None => cold,
        };
        let (before, called) = (Usage::of(warm.id()?)?, aws.calls.load(Ordering::Relaxed));
        for _ in 0..self.events {
            let (took, answer) = warm.invoke(&event).await?;
            self.check(&answer)?;
            self.measured.warm.add(millis(took));
        }
        let (after, calls) = (
            Usage::of(warm.id()?)?,
            aws.calls.load(Ordering::Relaxed) - called,
        );
        let done = f64::from(self.events * self.messages());
        self.measured
            .cpu
            .add(millis(after.cpu.saturating_sub(before.cpu)) / done);
        self.measured.calls.add(f64::from(calls) / done);
        self.measured.peak = self.measured.peak.max(after.peak);
        self.warm = Some(warm);
        Ok(())
    }

    /// Messages of one event; 1 for a delivery.
    pub fn messages(&self) -> u32 {
        match &self.load {
            Load::Deliveries(_) => 1,
            Load::Batch { messages, .. } => u32::try_from(*messages).unwrap_or(u32::MAX),
        }
    }

    /// An answer that is not a success would be fast for nothing.
    fn check(&self, answer: &[u8]) -> Result<(), Failure> {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let done = match self.load {
            Load::Deliveries(Sample::Twilio) => answer["statusCode"] == 200,
            Load::Deliveries(_) => answer["statusCode"] == 202,
            Load::Batch { .. } => answer["batchItemFailures"] == Value::Array(Vec::new()),
        };
        if done {
            Ok(())
        } else {
            Err(Failure::of(format!(
                "{} answers {answer}; target/local/bench.log says more",
                self.contestant.name
            )))
        }
    }
}

fn millis(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
