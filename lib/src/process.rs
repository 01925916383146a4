//! Processing: find, claim, handle and settle, separately for each record of a batch.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use tokio::time::Instant;
use tracing::{Instrument, Span, error, field, info_span, warn};

use crate::bucket::{Bucket, BucketError};
use crate::envelope::Message;
use crate::event::{Event, EventKey};
use crate::ledger::{Claim, Lease, Ledger, LedgerError, Settled, Settlement, Status, Turn};
use crate::queue::Queue;
use crate::router::{Context, Outcome, Router};
use crate::settings::ProcessorSettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

mod ended;
mod find;
mod incoming;
mod taken;

use self::ended::{Ended, Notes, Undecided};
use self::find::Found;
use self::incoming::Incoming;
pub use self::incoming::NoMessageId;
use self::taken::Taken;

/// The processor and its connections.
#[derive(Debug)]
pub struct Processor<S> {
    /// The settings.
    pub settings: ProcessorSettings,
    /// The ledger, where events are claimed and settled.
    pub ledger: Ledger,
    /// The bucket with the payloads that are too large for an item.
    pub bucket: Bucket,
    /// The queue that the messages come from.
    pub queue: Queue,
    /// The handlers of the event types.
    pub router: Router<S>,
    /// Shared by all handlers.
    pub state: Arc<S>,
}

impl<S: Send + Sync + 'static> Processor<S> {
    /// Handles a batch, and reports the records that have to come again. What comes for the first time
    /// is handled side by side. What has been received before comes after it, one by one: an event that
    /// ends its process takes nobody along then.
    ///
    /// # Errors
    /// [`NoMessageId`], before anything is done.
    pub async fn process(
        self: &Arc<Self>,
        batch: SqsEvent,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let started = Instant::now();
        let records = incoming::records(batch)?;
        let (fresh, mut suspects): (Vec<_>, Vec<_>) =
            records.into_iter().partition(Incoming::is_fresh);
        let mut again = Vec::new();
        let mut taken: Vec<Taken> = fresh.iter().map(Taken::of).collect();
        self.claim_together(&mut taken).await;
        let handled = fresh.iter().zip(taken);
        let handled = handled.map(|(record, taken)| self.record(record, taken, Turn::Together));
        let handled = join_all(handled).await;
        for (record, handled) in fresh.into_iter().zip(handled) {
            match handled {
                Handled::ComesAgain => again.push(record.id),
                Handled::Finished => {}
                Handled::Silent => suspects.push(record),
            }
        }
        for turn in [Turn::Alone, Turn::Last] {
            let mut silent = Vec::new();
            for record in suspects {
                let handled = if started.elapsed() < limits::ALONE_UNTIL {
                    self.record(&record, Taken::of(&record), turn).await
                } else {
                    self.leave(&record).await
                };
                match handled {
                    Handled::ComesAgain => again.push(record.id),
                    Handled::Finished => {}
                    Handled::Silent => silent.push(record),
                }
            }
            suspects = silent;
        }
        for record in suspects {
            // Somebody else has taken it in between.
            let notes = Notes::default();
            self.finish(&record, &Ended::Leased, &notes, started).await;
        }
        Ok(response(again))
    }

    /// Handles one record.
    async fn record(self: &Arc<Self>, record: &Incoming, taken: Taken, turn: Turn) -> Handled {
        let span = info_span!("record", message.id = %record.id, event.id = field::Empty);
        self.handle(record, taken, turn).instrument(span).await
    }

    async fn handle(self: &Arc<Self>, record: &Incoming, taken: Taken, turn: Turn) -> Handled {
        let started = Instant::now();
        let mut notes = Notes::default();
        let claim = (turn, taken.token, taken.lease);
        let ended = match taken.message {
            // In a box: it is large, and so is what waits for it.
            Ok(message) => Box::pin(self.message(message, claim, record, &mut notes)).await,
            Err(unreadable) => Some(Ended::Unreadable(unreadable)),
        };
        match ended {
            Some(ended) => self.finish(record, &ended, &notes, started).await,
            None => Handled::Silent,
        }
    }

    /// Leaves a record to a later invocation: this one has no time for it.
    async fn leave(&self, record: &Incoming) -> Handled {
        let notes = Notes::default();
        self.finish(record, &Ended::NoTime, &notes, Instant::now())
            .await
    }

    /// Sees to the message, and writes the record's line.
    async fn finish(
        &self,
        record: &Incoming,
        ended: &Ended,
        notes: &Notes,
        started: Instant,
    ) -> Handled {
        if let Some(pause) = ended.sent_again_after()
            && pause <= limits::LONGEST_DELAY
        {
            let (body, trace) = (record.body.clone(), record.trace.as_deref());
            if let Err(failure) = self.queue.send_later(body, trace, pause).await {
                warn!(error = %failure, "not sent for its next attempt; the relay will send it");
            }
        }
        if let (Some(pause), Some(handle)) = (ended.hidden_for(), &record.receipt_handle)
            && let Err(failure) = self.queue.hide(handle, pause).await
        {
            warn!(error = %failure, "the message comes again when its visibility timeout ends");
        }
        let report = notes.report(ended, &record.id, started.elapsed());
        report.emit(&self.settings.stack, notes.provider(), Timestamp::now());
        if ended.is_final() {
            Handled::Finished
        } else {
            Handled::ComesAgain
        }
    }

    /// The end of a message's event, or `None` where it is for a later turn.
    async fn message(
        self: &Arc<Self>,
        message: Message,
        (turn, token, lease): (Turn, String, Option<Lease>),
        record: &Incoming,
        notes: &mut Notes,
    ) -> Option<Ended> {
        faults::point("process::taken");
        notes.name(&message.key);
        Span::current().record("event.id", field::display(&message.key.id));
        let key = message.key.clone();
        // A recorded message that came clearly after its event had failed is of a receipt that DynamoDB had
        // let go in between; of one that was not recorded nobody has asked yet.
        let slack = i64::try_from(limits::SKEW.as_millis()).unwrap_or(i64::MAX);
        let slack = if message.unrecorded { slack } else { -slack };
        let redelivered_at = Timestamp::from_millis(message.received_at.millis() + slack);
        let found = match self.find(message).await {
            Ok(found) => found,
            Err(ended) => return Some(ended),
        };
        let claim = match lease {
            Some(lease) => Ok(Claim::Mine(lease)),
            None => self.claim(&key, &token, turn, redelivered_at).await,
        };
        let claim = match claim {
            Ok(claim) => claim,
            Err(failure) => {
                error!(error = %failure, "the event cannot be claimed");
                return Some(Ended::Undecided(Undecided::NotClaimed));
            }
        };
        let lease = match claim {
            Claim::Mine(lease) => lease,
            Claim::Silent => return None,
            Claim::Leased => return Some(Ended::Leased),
            Claim::NotDue(due_at) => return Some(Ended::not_due(due_at, Timestamp::now())),
            Claim::Ended(status) => {
                let untold = status == Status::Failed && !record.is_fresh();
                return Some(Ended::Over { untold });
            }
        };
        faults::point("process::claimed");
        notes.take(&found, &lease, Timestamp::now());
        let settlement = self.attempt(found, &lease).await;
        faults::point("process::handled");
        let ended = self.settle(&lease, settlement).await;
        faults::point("process::settled");
        Some(ended)
    }

    /// Claims the event. `redelivered_at` is when the delivery of its message came, as late as the two
    /// clocks leave open where a receiver could not reach the ledger, else as early: if the event had
    /// failed by then, it was to start again.
    async fn claim(
        &self,
        key: &EventKey,
        token: &str,
        turn: Turn,
        redelivered_at: Timestamp,
    ) -> Result<Claim, LedgerError> {
        let now = Timestamp::now();
        let claim = self.ledger.claim_as(token, key, turn, now).await?;
        if claim != Claim::Ended(Status::Failed) {
            return Ok(claim);
        }
        // A late copy of an earlier message was received before.
        let state = self.ledger.state(key).await?;
        let failed_at = state.overdue_at.filter(|_| state.status == Status::Failed);
        if failed_at.is_none_or(|at| at > redelivered_at) {
            return Ok(claim);
        }
        let expires_at = now.after(self.settings.retention);
        let ledger = &self.ledger;
        ledger.reopen(key, token, false, expires_at, now).await?;
        ledger.claim_as(token, key, turn, Timestamp::now()).await
    }

    /// Brings the payload, runs the handler, and says how the attempt ends.
    async fn attempt(self: &Arc<Self>, found: Found, lease: &Lease) -> Settlement {
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

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Ended {
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

/// What became of a record.
enum Handled {
    /// Its message can go.
    Finished,
    /// Its message has to come again.
    ComesAgain,
    /// It is for a later turn.
    Silent,
}

fn response(again: Vec<String>) -> SqsBatchResponse {
    let failure = |id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = again.into_iter().map(failure).collect();
    response
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
