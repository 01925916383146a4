//! Processing: the records of a batch in their turns, each found, claimed and attempted by itself.

use std::sync::Arc;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use tokio::time::Instant;
use tracing::{Instrument, Span, error, field, info_span, warn};

use crate::bucket::Bucket;
use crate::envelope::Message;
use crate::event::EventKey;
use crate::ledger::{Claim, Lease, Ledger, LedgerError, Status, Turn};
use crate::queue::Queue;
use crate::router::Router;
use crate::settings::ProcessorSettings;
use crate::timestamp::Timestamp;
use crate::{faults, limits};

mod attempt;
mod ended;
mod find;
mod incoming;
mod pauses;
mod taken;

use self::ended::{Ended, Notes, Undecided};
use self::incoming::Incoming;
pub use self::incoming::NoMessageId;
pub use self::pauses::KnownPauses;
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
    /// The sources that are paused, as far as this processor knows.
    pub pauses: KnownPauses,
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
        let pauses = &self.pauses;
        pauses.keep_fresh(&self.ledger, Timestamp::now()).await;
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
        faults::point("process::begun");
        notes.name(&message.key);
        Span::current().record("event.id", field::display(&message.key.id));
        let key = message.key.clone();
        let (received_at, unrecorded) = (message.received_at, message.unrecorded);
        let found = match self.find(message).await {
            Ok(found) => found,
            Err(ended) => return Some(ended),
        };
        // It is recorded, so the message can go: the relay sends another when the pause is over.
        if lease.is_none() && self.pauses.cover(&key) {
            return Some(Ended::Paused);
        }
        let claim = match lease {
            Some(lease) => Ok(Claim::Mine(lease)),
            None => {
                let came_after = |failed_at| came_after(failed_at, received_at, unrecorded);
                self.claim(&key, &token, turn, came_after).await
            }
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

    /// Claims the event. If it has failed, and its message came after that, it starts again.
    async fn claim(
        &self,
        key: &EventKey,
        token: &str,
        turn: Turn,
        came_after: impl Fn(Timestamp) -> bool,
    ) -> Result<Claim, LedgerError> {
        let now = Timestamp::now();
        let claim = self.ledger.claim_as(token, key, turn, now).await?;
        if claim != Claim::Ended(Status::Failed) {
            return Ok(claim);
        }
        let state = self.ledger.state(key).await?;
        let failed_at = state.overdue_at.filter(|_| state.status == Status::Failed);
        if !failed_at.is_some_and(came_after) {
            return Ok(claim);
        }
        let expires_at = now.after(self.settings.retention);
        let ledger = &self.ledger;
        ledger.reopen(key, token, false, expires_at, now).await?;
        ledger.claim_as(token, key, turn, Timestamp::now()).await
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

/// Says whether the delivery of a message came after its event had failed, by clocks that may differ. A late
/// copy of an earlier message came before. Of a delivery that was not recorded nobody has asked the ledger:
/// where the clocks leave it open, the event runs again. One that was recorded made a new receipt, because
/// DynamoDB had let the old one go, and came long after.
fn came_after(failed_at: Timestamp, received_at: Timestamp, unrecorded: bool) -> bool {
    if unrecorded {
        failed_at <= received_at.after(limits::SKEW)
    } else {
        failed_at.after(limits::SKEW) <= received_at
    }
}
