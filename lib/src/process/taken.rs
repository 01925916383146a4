//! A record's message, read, and the claim of its event where that is made for several at once.

use std::collections::BTreeSet;

use tracing::warn;

use super::Processor;
use super::incoming::Incoming;
use crate::envelope::{Message, UnreadableMessage};
use crate::event::EventKey;
use crate::ledger::{Lease, token};
use crate::limits;
use crate::timestamp::Timestamp;

/// A record's message.
pub(super) struct Taken {
    pub(super) message: Result<Message, UnreadableMessage>,
    /// The token of its claim.
    pub(super) token: String,
    /// The claim, if it is made already.
    pub(super) lease: Option<Lease>,
}

impl Taken {
    pub(super) fn of(record: &Incoming) -> Self {
        Self {
            message: Message::read(&record.body),
            token: token(),
            lease: None,
        }
    }

    /// The event, if the message is all that has to be known before its claim.
    fn claimable(&self, now: Timestamp) -> Option<&EventKey> {
        let message = self.message.as_ref().ok()?;
        let young = message.received_at.age(now) < limits::LEAST_RETENTION;
        let carried = message.whole.is_some() && !message.unrecorded;
        (young && carried).then_some(&message.key)
    }
}

impl<S: Send + Sync + 'static> Processor<S> {
    /// Claims the events of a batch in one call, as far as nobody has taken them yet; each of the others
    /// is claimed by itself afterwards.
    pub(super) async fn claim_together(&self, taken: &mut [Taken]) {
        let now = Timestamp::now();
        let mut known = BTreeSet::new();
        let first = |(index, taken): (usize, &Taken)| {
            let key = taken.claimable(now)?;
            if self.pauses.cover(key) {
                return None;
            }
            known.insert(key.clone()).then_some(index)
        };
        let chosen: Vec<usize> = taken.iter().enumerate().filter_map(first).collect();
        if chosen.len() < 2 {
            return;
        }
        let claims = chosen.iter().filter_map(|index| {
            let Taken { message, token, .. } = &taken[*index];
            Some((&message.as_ref().ok()?.key, token.as_str()))
        });
        let claims: Vec<_> = claims.collect();
        match self.ledger.claim_new(&claims, now).await {
            Ok(leases) => {
                for (index, lease) in chosen.into_iter().zip(leases) {
                    taken[index].lease = lease;
                }
            }
            Err(failure) => warn!(error = %failure, "each event is claimed by itself"),
        }
    }
}
