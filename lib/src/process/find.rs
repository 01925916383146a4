//! The event of a message: brought along, or what the ledger has.

use tracing::error;

use super::Processor;
use super::ended::{Ended, Undecided};
use crate::envelope::Message;
use crate::event::Event;
use crate::ledger::token;
use crate::limits;
use crate::record::record;
use crate::timestamp::Timestamp;

/// The event of a message.
pub(super) enum Found {
    /// With its payload, or with the place where that is.
    Event(Box<Event<'static>>),
    /// It is in the ledger, in a form that this version cannot read: why.
    Unreadable(String),
}

impl Found {
    pub(super) fn event(&self) -> Option<&Event<'static>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Unreadable(_) => None,
        }
    }
}

impl<S: Send + Sync + 'static> Processor<S> {
    /// Finds the event of a message. One that no receiver could record is recorded first.
    ///
    /// A message can be older than what the ledger keeps of an event that has ended: it lay in the
    /// dead-letter queue, and was moved back. Such an event must not begin anew, so an old message counts
    /// only if the ledger still has what arrived.
    pub(super) async fn find(&self, message: Message) -> Result<Found, Ended> {
        let now = Timestamp::now();
        let is_old = message.received_at.age(now) >= limits::LEAST_RETENTION;
        match message.whole {
            Some(event) if !is_old && !message.unrecorded => Ok(Found::Event(Box::new(event))),
            Some(event) if !is_old => self.recorded(event, now).await,
            whole => {
                let receipt = self.ledger.receipt(&message.key).await;
                match receipt {
                    Ok(Some(receipt)) => {
                        let event = whole.unwrap_or(receipt.event);
                        Ok(Found::Event(Box::new(event)))
                    }
                    Ok(None) if is_old && message.unrecorded => Err(Ended::TooOld),
                    Ok(None) if is_old => Err(Ended::Expired),
                    Ok(None) => Err(Ended::Undecided(Undecided::Unknown)),
                    Err(failure) if failure.is_unreadable() => {
                        Ok(Found::Unreadable(failure.to_string()))
                    }
                    Err(failure) => {
                        error!(error = %failure, "the event cannot be read");
                        Err(Ended::Undecided(Undecided::NotFound))
                    }
                }
            }
        }
    }

    /// Records an event that only its message has.
    async fn recorded(&self, mut event: Event<'static>, now: Timestamp) -> Result<Found, Ended> {
        let expires_at = now.after(self.settings.retention);
        let (ledger, bucket, token) = (&self.ledger, &self.bucket, token());
        match record(ledger, bucket, &mut event, &token, expires_at).await {
            Ok(_) => {
                crate::faults::point("process::recorded");
                Ok(Found::Event(Box::new(event)))
            }
            Err(failure) => {
                error!(error = %failure, "the event of a message cannot be recorded");
                Err(Ended::Undecided(Undecided::NotRecorded))
            }
        }
    }
}
