//! Makes an event durable and hands it over: in the ledger first, else whole in the queue.

use std::time::Duration;

use tracing::{error, warn};

use super::receipt::{Notes, Stop, stop};
use super::{Arrival, Receiver};
use crate::answer::Answer;
use crate::deadline::Late;
use crate::envelope::{envelope, reference, whole_envelope};
use crate::event::Event;
use crate::ledger::{Body, Existing, LedgerError, Record, Status, token};
use crate::queue::QueueError;
use crate::record::{NotRecorded, record};
use crate::source_settings::Replays;
use crate::{faults, limits};

impl Receiver {
    /// Keeps an event, if its body is not known under another id where the source refuses that.
    pub(super) async fn keep_once(
        &self,
        mut event: Event<'_>,
        token: &str,
        replays: Replays,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let digest = event.payload().digest();
        match replays {
            Replays::Accept => {
                let known = self.digests.note(event.key(), digest);
                let kept = self.keep(event, token, arrival, notes).await;
                notes.known_digest = known && matches!(kept, Ok(Answer::Accepted { .. }));
                return kept;
            }
            Replays::Refuse => {}
        }
        let expires_at = arrival.now.after(self.settings.retention);
        let claimed = self.ledger.claim_body(event.key(), digest, expires_at);
        let claimed = arrival
            .deadline
            .within(limits::CLAIM_BODY, limits::CALL_ATTEMPT, claimed)
            .await;
        match claimed {
            Ok(Ok(Body::Ours)) => self.keep(event, token, arrival, notes).await,
            Ok(Ok(Body::Known { first_id })) => {
                self.replayed(&event, first_id, arrival, notes).await
            }
            // An event is worth more than the certainty that it is no replay.
            Ok(Err(failure)) => {
                error!(error = %failure, "the body is not held against replays");
                self.keep_in_queue(&mut event, true, arrival).await
            }
            Err(Late) => {
                error!("the body is not held against replays: DynamoDB takes too long");
                self.keep_in_queue(&mut event, true, arrival).await
            }
        }
    }

    /// A body that is another id's. What the ledger has under this id was there before the source
    /// refused replays, and is delivered again.
    async fn replayed(
        &self,
        event: &Event<'_>,
        first_id: String,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        match self.known(event).await {
            Ok(Some(existing)) => self.repeat(event, existing, arrival, notes).await,
            Ok(None) => {
                notes.known_digest = true;
                notes.first_id = Some(first_id);
                Err(stop(Answer::Unauthenticated, "replayed_body"))
            }
            Err(failure) => {
                error!(error = %failure, "not known whether this is a replay");
                Err(stop(Answer::Unavailable, "replay_unknown"))
            }
        }
    }

    /// Makes the event durable and hands it over. `token` names this delivery in the ledger.
    async fn keep(
        &self,
        mut event: Event<'_>,
        token: &str,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        let expires_at = arrival.now.after(self.settings.retention);
        let recorded = record(&self.ledger, &self.bucket, &mut event, token, expires_at);
        let recorded = arrival.deadline.leaving(limits::CALL_ATTEMPT, recorded);
        match recorded.await {
            Ok(Ok(Record::New)) => {
                faults::point("receive::recorded");
                self.hand_over(envelope(&event), arrival).await;
                Ok(Answer::Accepted { id })
            }
            Ok(Ok(Record::Existing(existing))) => {
                self.repeat(&event, existing, arrival, notes).await
            }
            // Not after the bucket has the payload.
            Ok(Ok(Record::TooLarge)) => Err(stop(Answer::TooLarge, "payload_too_large")),
            Err(Late) => {
                error!("not recorded: {Late}");
                self.keep_in_queue(&mut event, false, arrival).await
            }
            Ok(Err(failure)) => {
                error!(error = %failure, "not recorded");
                let bucket_is_up = matches!(failure, NotRecorded::Ledger(_));
                let refused_by_size = matches!(failure, NotRecorded::Bucket(_));
                if refused_by_size && let Ok(Some(existing)) = self.known(&event).await {
                    return self.repeat(&event, existing, arrival, notes).await;
                }
                self.keep_in_queue(&mut event, bucket_is_up, arrival).await
            }
        }
    }

    /// Looks an event up in the ledger.
    async fn known(&self, event: &Event<'_>) -> Result<Option<Existing>, LedgerError> {
        let receipt = self.ledger.receipt(event.key()).await?;
        Ok(receipt.map(|receipt| Existing {
            conflict: !receipt.has_payload_of(event),
        }))
    }

    /// The second place that is durable, while the ledger is not.
    async fn keep_in_queue(
        &self,
        event: &mut Event<'_>,
        bucket_is_up: bool,
        arrival: &Arrival<'_>,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        match self.send_whole(event, bucket_is_up, arrival).await {
            Ok(Ok(())) => Ok(Answer::Accepted { id }),
            Err(Late) => {
                error!("the queue does not take the whole event either: {Late}");
                Err(stop(Answer::Unavailable, "nothing_durable"))
            }
            Ok(Err(failure)) => {
                error!(error = %failure, "the queue does not take the whole event either");
                Err(stop(Answer::Unavailable, "nothing_durable"))
            }
        }
    }

    /// The whole event to the queue: by way of the bucket, if ten such messages would be more than
    /// one message may be.
    async fn send_whole(
        &self,
        event: &mut Event<'_>,
        bucket_is_up: bool,
        arrival: &Arrival<'_>,
    ) -> Result<Result<(), QueueError>, Late> {
        let Arrival { deadline, xray, .. } = arrival;
        let mut message = whole_envelope(event);
        if message.len() > limits::MESSAGE_SHARE && bucket_is_up {
            let kept = deadline.leaving(limits::CALL_ATTEMPT, self.bucket.keep(event));
            match kept.await {
                Ok(Ok(())) => message = whole_envelope(event),
                Ok(Err(failure)) => {
                    warn!(error = %failure, "the queue has to take a large message");
                }
                Err(Late) => warn!("the queue has to take a large message: {Late}"),
            }
        }
        let sent = self.queue.send(message, *xray);
        deadline.leaving(Duration::ZERO, sent).await
    }

    /// A delivery of an event that the ledger has: a failed one starts again, whatever has changed in
    /// its body; everything else is a duplicate.
    async fn repeat(
        &self,
        event: &Event<'_>,
        existing: Existing,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        notes.conflict = existing.conflict;
        let restart = self.restart(event, existing, arrival);
        match arrival.deadline.leaving(Duration::ZERO, restart).await {
            Ok(Ok(true)) => {
                faults::point("receive::reopened");
                // What is processed is what the ledger shows.
                let message = if existing.conflict {
                    reference(event)
                } else {
                    envelope(event)
                };
                self.hand_over(message, arrival).await;
                Ok(Answer::Accepted { id })
            }
            Ok(Ok(false)) => {
                self.count(event, existing, arrival).await;
                Ok(Answer::Duplicate { id })
            }
            Err(Late) => {
                error!("not known whether the event has failed: {Late}");
                Err(stop(Answer::Unavailable, "not_reopened"))
            }
            Ok(Err(failure)) => {
                error!(error = %failure, "not known whether the event has failed");
                Err(stop(Answer::Unavailable, "not_reopened"))
            }
        }
    }

    /// Starts the event again if it has failed; says whether it did.
    async fn restart(
        &self,
        event: &Event<'_>,
        existing: Existing,
        arrival: &Arrival<'_>,
    ) -> Result<bool, LedgerError> {
        let (ledger, key, now) = (&self.ledger, event.key(), arrival.now);
        if ledger.state(key).await?.status != Status::Failed {
            return Ok(false);
        }
        let expires_at = now.after(self.settings.retention);
        ledger
            .reopen(key, &token(), existing.conflict, expires_at, now)
            .await
    }

    async fn count(&self, event: &Event<'_>, existing: Existing, arrival: &Arrival<'_>) {
        let (ledger, key) = (&self.ledger, event.key());
        let counted = ledger.count_duplicate(key, existing.conflict, arrival.now);
        match arrival.deadline.leaving(Duration::ZERO, counted).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => warn!(error = %failure, "the duplicate is not counted"),
            Err(Late) => warn!("the duplicate is not counted: {Late}"),
        }
        faults::point("receive::counted");
    }

    /// The event is durable already: when the queue does not take it, the relay sends it later.
    async fn hand_over(&self, message: String, arrival: &Arrival<'_>) {
        let sent = self.queue.send(message, arrival.xray);
        match arrival.deadline.leaving(Duration::ZERO, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => warn!(error = %failure, "not sent; the relay will send it"),
            Err(Late) => warn!("not sent: {Late}; the relay will send it"),
        }
        faults::point("receive::sent");
    }
}
