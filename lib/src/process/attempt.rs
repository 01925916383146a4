//! An attempt at an event: its payload, its handler, its end in the ledger.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, error};

use super::Processor;
use super::ended::{Ended, Undecided};
use super::find::Found;
use crate::bucket::BucketError;
use crate::event::{Event, PROBE_SOURCE};
use crate::ledger::{Lease, LedgerError, Settled, Settlement};
use crate::router::{Context, Outcome};
use crate::timestamp::Timestamp;
use crate::{faults, limits};

impl<S: Send + Sync + 'static> Processor<S> {
    /// Brings the payload, runs the handler, and says how the attempt ends.
    pub(super) async fn attempt(self: &Arc<Self>, found: Found, lease: &Lease) -> Settlement {
        if lease.attempt() > self.settings.max_attempts {
            return Settlement::Failed {
                cause: "the attempts are used up".to_owned(),
            };
        }
        let mut event = match found {
            Found::Event(event) => *event,
            Found::Unreadable(cause) => return put_back(lease, cause),
        };
        let started = Instant::now();
        match self.bucket.fetch(&mut event).await {
            Ok(()) => {}
            Err(gone @ BucketError::Gone) => {
                return Settlement::Failed {
                    cause: gone.to_string(),
                };
            }
            Err(unreachable) => return put_back(lease, unreachable.to_string()),
        }
        faults::point("process::fetched");
        let time = limits::HANDLER.saturating_sub(started.elapsed());
        let outcome = self.outcome(event, lease.attempt(), time).await;
        self.settlement(outcome, lease.attempt())
    }

    /// Runs the handler in a task of its own, so that its panic stays there.
    async fn outcome(
        self: &Arc<Self>,
        event: Event<'static>,
        attempt: u32,
        time: Duration,
    ) -> Outcome {
        if event.key().source == PROBE_SOURCE {
            return Outcome::done();
        }
        let context = Context {
            state: Arc::clone(&self.state),
            idempotency_key: event.key().to_string(),
            attempt,
        };
        let processor = Arc::clone(self);
        let handler = async move {
            faults::event(&event.key().id);
            processor.router.handle(context, event).await
        };
        let mut task = tokio::spawn(handler.in_current_span());
        match tokio::time::timeout(time, &mut task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::retry("the handler panicked"),
            Err(_) => {
                task.abort();
                Outcome::retry("the handler took too long")
            }
        }
    }

    fn settlement(&self, outcome: Outcome, attempt: u32) -> Settlement {
        match outcome {
            Outcome::Done(effect) => Settlement::Done(effect),
            Outcome::Ignored => Settlement::Ignored,
            Outcome::Failed { reason } => Settlement::Failed { cause: reason },
            Outcome::Retry { reason, .. } if attempt >= self.settings.max_attempts => {
                Settlement::Failed {
                    cause: format!("{reason}; no attempts left after {attempt}"),
                }
            }
            Outcome::Retry { reason, pause } => Settlement::Retry {
                cause: reason,
                pause: pause.unwrap_or_else(|| growing(attempt)),
            },
        }
    }

    pub(super) async fn settle(&self, lease: &Lease, settlement: Settlement) -> Ended {
        let ended = Ended::from(&settlement);
        if let Settlement::Retry { pause, .. } = &settlement
            && let Err(failure) = self.keep_for(lease, *pause).await
        {
            return undecided(&failure);
        }
        match self.written(lease, settlement).await {
            Ok(Settled::Written) => ended,
            Ok(Settled::Lost) => Ended::TakenOver,
            Ok(Settled::EffectRefused) => {
                let refused = Outcome::retry("the handler's writes were refused");
                self.settle_instead(lease, refused).await
            }
            Ok(Settled::EffectInvalid { code }) => {
                let never = format!("DynamoDB does not take the handler's writes ({code})");
                self.settle_instead(lease, Outcome::failed(never)).await
            }
            Err(failure) => undecided(&failure),
        }
    }

    /// Keeps what arrived beyond a long pause: what has not ended does not expire.
    async fn keep_for(&self, lease: &Lease, pause: Duration) -> Result<(), LedgerError> {
        if pause <= limits::LONGEST_DELAY {
            return Ok(());
        }
        let expires_at = Timestamp::now().after(pause).after(self.settings.retention);
        self.ledger.extend(lease.key(), expires_at).await
    }

    /// Ends an attempt whose writes were not taken.
    async fn settle_instead(&self, lease: &Lease, outcome: Outcome) -> Ended {
        let settlement = self.settlement(outcome, lease.attempt());
        let ended = Ended::from(&settlement);
        match self.written(lease, settlement).await {
            Ok(Settled::Lost) => Ended::TakenOver,
            Ok(_) => ended,
            Err(failure) => undecided(&failure),
        }
    }

    async fn written(&self, lease: &Lease, settlement: Settlement) -> Result<Settled, LedgerError> {
        let now = Timestamp::now();
        let expires_at = now.after(self.settings.retention);
        self.ledger.settle(lease, settlement, expires_at, now).await
    }
}

fn undecided(failure: &LedgerError) -> Ended {
    error!(error = %failure, "the end of the attempt cannot be written; its lease will run out");
    Ended::Undecided(Undecided::NotSettled)
}

/// The end of an attempt whose payload cannot be had now: it does not count, a number of times.
fn put_back(lease: &Lease, cause: String) -> Settlement {
    let times = lease.put_back();
    if times >= limits::PUT_BACKS {
        return Settlement::Failed { cause };
    }
    let pause = limits::BUCKET_PAUSE.saturating_mul(times + 1);
    Settlement::Released {
        cause,
        pause: pause.min(limits::RETRY_LONGEST),
    }
}

/// The pause after an attempt: triples each time, with up to a quarter more so that events which
/// failed together do not come back together.
fn growing(attempt: u32) -> Duration {
    let factor = 3_u32.saturating_pow(attempt.saturating_sub(1));
    let pause = limits::RETRY_FIRST
        .saturating_mul(factor)
        .min(limits::RETRY_LONGEST);
    pause.mul_f64(1.0 + fastrand::f64() / 4.0)
}
