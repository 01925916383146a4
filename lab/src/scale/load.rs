//! The cost of a rate of events in each resource, and what is assumed of a deployed stack for it.

use webhooks::{limits, relay};

use super::heat::{Heat, LISTING_WRITES, OVERDUE_WRITES, STATE_WRITES};

/// Seconds that a receiver works on one delivery: a put and a send.
const RECEIVER: f64 = 0.015;
/// Seconds that the processor works on one batch: claim, handler and settlement, all ten side by
/// side.
const PROCESSOR: f64 = 0.05;
/// Seconds from the moment at which a message is taken to the one at which it is deleted.
const IN_FLIGHT: f64 = 0.2;
/// The share of events whose message comes again after its visibility timeout, because the ledger
/// took no claim or no settlement.
const UNDECIDED: f64 = 0.01;
/// Parameters of one page of `GetParametersByPath`.
const PAGE: f64 = 10.0;
/// The share of invocations that X-Ray samples, and the segments of one: Lambda's and the
/// function's.
const TRACED: f64 = 0.05 * 2.0;
/// The share of payloads of more than 8 kB compressed, which go to the bucket.
const LARGE: f64 = 0.02;
/// Seconds that the relay takes for one event: a postponement and a send.
const RESEND: f64 = 0.015;
/// Seconds between two runs of the relay.
const RELAY_PERIOD: f64 = 60.0;
/// The seconds for which Lambda says how much a function may grow.
const GROWTH: f64 = 10.0;
/// Environments of one function that Lambda starts in that time
/// (<https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>).
const ENVIRONMENTS: f64 = 1000.0;

/// The traffic at one time.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Events a second.
    pub(super) events: f64,
    /// Events a second just before.
    pub(super) before: f64,
    pub(super) sources: f64,
    pub(super) item_units: f64,
    pub(super) heat: Heat,
}

impl Load {
    /// Batches a second, all of them full.
    fn batches(&self) -> f64 {
        self.events / limits::BATCH as f64
    }

    fn receivers(&self) -> f64 {
        self.events * RECEIVER
    }

    /// Processors at work at one time.
    pub(super) fn processors(&self) -> f64 {
        self.batches() * PROCESSOR
    }

    /// Functions at work at one time.
    pub(super) fn concurrency(&self) -> f64 {
        self.receivers() + self.processors()
    }

    pub(super) fn invocations(&self) -> f64 {
        self.events + self.batches()
    }

    /// Requests a second that a receiver gets more than before.
    pub(super) fn growth(&self) -> f64 {
        self.events - self.before
    }

    /// Processors that have to be added.
    pub(super) fn more_processors(&self) -> f64 {
        self.growth() / limits::BATCH as f64 * PROCESSOR
    }

    pub(super) fn in_flight(&self) -> f64 {
        self.events * IN_FLIGHT
    }

    /// Messages that wait for their visibility timeout, when some cannot be decided.
    pub(super) fn undecided(&self) -> f64 {
        self.events * UNDECIDED * limits::VISIBILITY.as_secs_f64()
    }

    pub(super) fn table_units(&self) -> f64 {
        self.events * (self.item_units + f64::from(STATE_WRITES))
    }

    pub(super) fn listing_units(&self) -> f64 {
        self.events * f64::from(LISTING_WRITES)
    }

    pub(super) fn overdue_units(&self) -> f64 {
        self.events * f64::from(OVERDUE_WRITES)
    }

    /// Calls for one reading of all secrets.
    fn pages(&self) -> f64 {
        (self.sources / PAGE).ceil()
    }

    /// Calls a second to keep the secrets fresh.
    pub(super) fn secret_calls(&self) -> f64 {
        self.receivers() * self.pages() / limits::SECRETS_AGE.as_secs_f64()
    }

    /// Calls a second while receivers start as fast as Lambda lets them.
    pub(super) fn first_secret_calls(&self) -> f64 {
        let started = (self.growth() * RECEIVER).min(ENVIRONMENTS);
        started / GROWTH * self.pages()
    }

    pub(super) fn segments(&self) -> f64 {
        self.invocations() * TRACED
    }

    /// Calls a second that carry log lines, one of each function at work.
    pub(super) fn log_calls(&self) -> f64 {
        self.concurrency()
    }

    pub(super) fn large(&self) -> f64 {
        self.events * LARGE
    }
}

/// Events a second that the relay sends again.
pub(super) const RELAY_RATE: f64 =
    relay::CONCURRENCY as f64 / RESEND * limits::RELAY_WORK.as_secs_f64() / RELAY_PERIOD;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_functions_at_work_by_rate_and_duration() {
        let load = Load {
            events: 10_000.0,
            before: 0.0,
            sources: 1000.0,
            item_units: 2.0,
            heat: Heat::default(),
        };
        assert_eq!(load.receivers(), 150.0);
        assert_eq!(load.processors(), 50.0);
        assert_eq!(load.secret_calls(), 50.0);
        assert_eq!(load.first_secret_calls(), 1500.0);
        assert_eq!(load.undecided(), 36_000.0);
    }

    #[test]
    fn receivers_start_no_faster_than_lambda_lets_them() {
        let load = Load {
            events: 1_000_000.0,
            before: 0.0,
            sources: 10.0,
            item_units: 2.0,
            heat: Heat::default(),
        };
        assert_eq!(load.first_secret_calls(), 100.0);
    }
}
