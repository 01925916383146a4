//! Processing: claim, handle and settle, separately for each record of a batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use tracing::{Instrument, Span, error, field, info_span, warn};

use crate::bucket::{Bucket, BucketError};
use crate::envelope::Message;
use crate::event::Event;
use crate::ledger::{Claim, Item, Lease, Ledger, LedgerError, Settled, Settlement, Status, token};
use crate::queue::Queue;
use crate::record::{NotRecorded, record};
use crate::router::{Context, Outcome, Router};
use crate::settings::ProcessorSettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

mod ended;

use self::ended::{Ended, Notes, Undecided};

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

/// A record has no id, so it cannot be reported by itself; the whole batch has to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record has no message id")]
pub struct NoMessageId;

impl<S: Send + Sync + 'static> Processor<S> {
    /// Handles a batch, its records side by side, and reports those that have to come again.
    ///
    /// # Errors
    /// [`NoMessageId`], before anything is done.
    pub async fn process(
        self: &Arc<Self>,
        batch: SqsEvent,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let identified: Option<Vec<_>> = batch
            .records
            .into_iter()
            .map(|record| {
                record
                    .message_id
                    .clone()
                    .filter(|id| !id.is_empty())
                    .map(|id| (id, record))
            })
            .collect();
        let records = identified
            .ok_or(NoMessageId)?
            .into_iter()
            .map(|(id, record)| {
                let span = info_span!("record", message.id = %id, event.id = field::Empty);
                async move { (!self.record(&id, &record).await).then_some(id) }.instrument(span)
            });
        let again = join_all(records).await.into_iter().flatten();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = again
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        Ok(response)
    }

    /// Handles one record; says whether its message can go.
    async fn record(self: &Arc<Self>, message_id: &str, record: &SqsMessage) -> bool {
        let started = Instant::now();
        let mut notes = Notes::default();
        let body = record.body.as_deref().unwrap_or_default();
        let ended = match Message::read(body) {
            Ok(message) => self.message(message, &mut notes).await,
            Err(unreadable) => Ended::Unreadable(unreadable),
        };
        if let (Some(pause), Some(handle)) = (ended.pause(), &record.receipt_handle)
            && let Err(failure) = self.queue.hide(handle, pause).await
        {
            warn!(error = %failure, "the message comes again when its visibility timeout ends");
        }
        let report = notes.report(&ended, message_id, started.elapsed());
        report.emit(&self.settings.stack, notes.provider(), Timestamp::now());
        ended.is_final()
    }

    async fn message(self: &Arc<Self>, message: Message, notes: &mut Notes) -> Ended {
        faults::point("process::taken");
        notes.name(&message.key);
        Span::current().record("event.id", field::display(&message.key.id));
        let (lease, item) = match self.claim(message).await {
            Ok(Claim::Mine(lease, item)) => (lease, item),
            Ok(Claim::Leased) => return Ended::Leased,
            Ok(Claim::Ended(_)) => return Ended::Over,
            Ok(Claim::Unknown) => return Ended::Undecided(Undecided::Unknown),
            Err(failure) => {
                error!(error = %failure, "the event cannot be claimed");
                return Ended::Undecided(Undecided::NotClaimed);
            }
        };
        faults::point("process::claimed");
        notes.take(&item, Timestamp::now());
        let attempt = item.attempts;
        let settlement = self.attempt(*item).await;
        faults::point("process::handled");
        let ended = self.settle(&lease, settlement, attempt).await;
        faults::point("process::settled");
        ended
    }

    /// Claims the event; one that the ledger does not have is recorded first, if the message
    /// carries it whole.
    async fn claim(&self, message: Message) -> Result<Claim, NotRecorded> {
        let now = Timestamp::now();
        let claim = self.ledger.claim(&message.key, now).await?;
        let Some(mut event) = message.whole else {
            return Ok(claim);
        };
        let unrecorded = message.unrecorded;
        let token = token();
        let expires_at = now.after(self.settings.retention);
        match claim {
            Claim::Unknown => {
                record(&self.ledger, &self.bucket, &mut event, &token, expires_at).await?;
            }
            Claim::Ended(Status::Failed) if unrecorded && self.is_redelivery(&event).await? => {
                let key = &message.key;
                self.ledger.reopen(key, &token, expires_at, now).await?;
            }
            Claim::Ended(_) | Claim::Leased | Claim::Mine(..) => return Ok(claim),
        }
        faults::point("process::recorded");
        Ok(self.ledger.claim(&message.key, now).await?)
    }

    /// Says whether a whole message was received after its event had failed. If so, a receiver that
    /// could not reach the ledger has accepted a redelivery. A late copy of an earlier message was
    /// received before; where the two clocks leave it open, the event runs again.
    async fn is_redelivery(&self, event: &Event<'_>) -> Result<bool, LedgerError> {
        let failed = self.ledger.find(event.key()).await?;
        let latest = event.received_at().after(limits::SKEW);
        Ok(failed.is_some_and(|item| {
            let failed_at = item.overdue_at.filter(|_| item.status == Status::Failed);
            item.has_payload_of(event) && failed_at.is_some_and(|at| at <= latest)
        }))
    }

    /// Brings the payload, runs the handler, and says how the attempt ends.
    async fn attempt(self: &Arc<Self>, mut item: Item) -> Settlement {
        let attempt = item.attempts;
        if attempt > self.settings.max_attempts {
            return Settlement::Failed {
                cause: "the attempts are used up".to_owned(),
            };
        }
        match self.bucket.fetch(&mut item.event).await {
            Ok(()) => {
                faults::point("process::fetched");
                self.settlement(self.outcome(item).await, attempt)
            }
            Err(gone @ BucketError::Gone) => Settlement::Failed {
                cause: gone.to_string(),
            },
            // An item has its limit, and every attempt adds to the history.
            Err(unreachable) if item.history.len() >= limits::HISTORY => Settlement::Failed {
                cause: unreachable.to_string(),
            },
            Err(unreachable) => Settlement::Released {
                cause: unreachable.to_string(),
                pause: waiting_longer(item.history.len()),
            },
        }
    }

    /// Runs the handler in a task of its own, so that its panic stays there.
    async fn outcome(self: &Arc<Self>, item: Item) -> Outcome {
        let context = Context {
            state: Arc::clone(&self.state),
            idempotency_key: item.event.key().to_string(),
            attempt: item.attempts,
        };
        let processor = Arc::clone(self);
        let handler = async move { processor.router.handle(context, item.event).await };
        let mut task = tokio::spawn(handler.in_current_span());
        match tokio::time::timeout(limits::HANDLER, &mut task).await {
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

    async fn settle(&self, lease: &Lease, settlement: Settlement, attempt: u32) -> Ended {
        let ended = Ended::from(&settlement);
        match self
            .ledger
            .settle(lease, settlement, Timestamp::now())
            .await
        {
            Ok(Settled::Written) => ended,
            Ok(Settled::Lost) => Ended::TakenOver,
            Ok(Settled::EffectRefused) => {
                let refused = Outcome::retry("the handler's writes were refused");
                let settlement = self.settlement(refused, attempt);
                let ended = Ended::from(&settlement);
                match self
                    .ledger
                    .settle(lease, settlement, Timestamp::now())
                    .await
                {
                    Ok(_) => ended,
                    Err(failure) => undecided(&failure),
                }
            }
            Err(failure) => undecided(&failure),
        }
    }
}

fn undecided(failure: &LedgerError) -> Ended {
    error!(error = %failure, "the end of the attempt cannot be written; its lease will run out");
    Ended::Undecided(Undecided::NotSettled)
}

/// The pause of an event that waits for its payload: grows with its history.
fn waiting_longer(history: usize) -> Duration {
    let times = u32::try_from(history / 2).unwrap_or(u32::MAX).max(1);
    let pause = limits::BUCKET_PAUSE.saturating_mul(times);
    pause.min(limits::RETRY_LONGEST)
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
