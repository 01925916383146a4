//! A delivery that brings several events: kept in as few calls as the services take.
//!
//! What is new is recorded 25 at a time and handed over ten at a time. Whatever does not simply go that
//! way (it is known, it is large, a call failed) is kept as an event that comes alone.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tracing::warn;

use super::receipt::{Notes, Receipt, Stop, stop};
use super::{Arrival, Receiver, unreadable};
use crate::answer::Answer;
use crate::envelope::envelope;
use crate::event::Event;
use crate::ledger::token;
use crate::provider::identity::Malformed;
use crate::source_settings::Replays;
use crate::{faults, limits, packing};

/// One of the events, and the name of this delivery in the ledger.
struct Element<'a> {
    event: Event<'a>,
    token: String,
    recorded: bool,
}

impl Receiver {
    /// Keeps every event of a batch. The delivery is acknowledged when all of them are durable; what is
    /// when one is not will be a duplicate next time.
    pub(super) async fn keep_all(
        &self,
        events: Vec<Result<Event<'_>, Malformed>>,
        replays: Replays,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let element = |event| Element {
            event,
            token: token(),
            recorded: false,
        };
        let mut elements: Vec<_> = events.into_iter().map(|event| event.map(element)).collect();
        // Where replays are refused, the body of each is claimed first.
        if replays == Replays::Accept {
            self.keep_new(&mut elements, arrival).await;
        }
        let batch = &*notes;
        let keep = |element: Result<_, _>| self.keep_element(element, replays, arrival, batch);
        let kept: Vec<_> = elements.into_iter().map(keep).collect();
        let kept = stream::iter(kept).buffered(limits::BATCH).collect().await;
        notes.elements = kept;
        let answers = || notes.elements.iter().map(|receipt| &receipt.answer);
        let first = answers().min_by_key(|answer| urgency(answer));
        first
            .cloned()
            .ok_or(stop(Answer::Malformed, "not_an_event"))
    }

    /// Records the events that are new, and hands them over.
    async fn keep_new(
        &self,
        elements: &mut [Result<Element<'_>, Malformed>],
        arrival: &Arrival<'_>,
    ) {
        let mut seen = BTreeSet::new();
        let is_first = |event: &Event<'_>| seen.insert(event.key().clone());
        let mut together = fit(elements, is_first);
        let groups = together.chunks_mut(limits::STATEMENTS);
        let recordings: Vec<_> = groups
            .map(|group| self.record_new(group, arrival))
            .collect();
        let recordings = stream::iter(recordings).buffered(limits::RECORDINGS);
        recordings.collect::<Vec<()>>().await;
        let recorded = elements.iter().flatten().filter(|element| element.recorded);
        let messages = recorded.map(|element| envelope(&element.event));
        let calls: Vec<_> = in_calls(messages)
            .into_iter()
            .map(|messages| self.send_together(messages, arrival))
            .collect();
        let calls = stream::iter(calls).buffered(limits::RECORDINGS);
        calls.collect::<Vec<()>>().await;
    }

    async fn record_new(&self, group: &mut [&mut Element<'_>], arrival: &Arrival<'_>) {
        let expires_at = arrival.now.after(self.settings.retention);
        let events: Vec<_> = group
            .iter()
            .map(|element| (&element.event, element.token.as_str()))
            .collect();
        let recorded = self.ledger.record_new(&events, expires_at);
        let recorded = arrival
            .deadline
            .leaving(limits::CALL_ATTEMPT, recorded)
            .await;
        match recorded {
            Ok(Ok(recorded)) => {
                for (element, recorded) in group.iter_mut().zip(recorded) {
                    element.recorded = recorded;
                }
                faults::point("receive::recorded");
            }
            Ok(Err(failure)) => {
                warn!(error = %failure, "not recorded together; each is tried alone");
            }
            Err(late) => warn!("not recorded together: {late}; each is tried alone"),
        }
    }

    /// They are durable already: what the queue does not take, the relay sends later.
    async fn send_together(&self, messages: Vec<String>, arrival: &Arrival<'_>) {
        let sent = self.queue.send_together(messages, arrival.xray);
        match arrival.deadline.leaving(Duration::ZERO, sent).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => warn!(count, "not sent; the relay will send them"),
            Ok(Err(failure)) => warn!(error = %failure, "not sent; the relay will send them"),
            Err(late) => warn!("not sent: {late}; the relay will send them"),
        }
        faults::point("receive::sent");
    }

    async fn keep_element(
        &self,
        element: Result<Element<'_>, Malformed>,
        replays: Replays,
        arrival: &Arrival<'_>,
        batch: &Notes,
    ) -> Receipt {
        let Element {
            event,
            token,
            recorded,
        } = match element {
            Ok(element) => element,
            Err(malformed) => return Receipt::new(Err(unreadable(&malformed)), batch.of_nothing()),
        };
        let mut notes = batch.of_element(&event);
        if recorded {
            notes.known_digest = self.digests.note(event.key(), event.payload().digest());
            let id = event.key().id.clone();
            return Receipt::new(Ok(Answer::Accepted { id }), notes);
        }
        let kept = self
            .keep_once(event, &token, replays, arrival, &mut notes)
            .await;
        Receipt::new(kept, notes)
    }
}

/// The events that may be recorded with others: small ones, and of each key one.
fn fit<'e, 'a>(
    elements: &'e mut [Result<Element<'a>, Malformed>],
    mut is_first: impl FnMut(&Event<'_>) -> bool,
) -> Vec<&'e mut Element<'a>> {
    let fits = |element: &&mut Element<'_>| {
        let size = packing::stored(&element.event).bytes.len();
        size <= limits::ITEM_PAYLOAD && is_first(&element.event)
    };
    elements.iter_mut().flatten().filter(fits).collect()
}

/// Messages by the calls that send them: ten at most, and together no larger than one may be.
fn in_calls(messages: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut size = 0;
    for message in messages {
        size += message.len();
        match calls.last_mut() {
            Some(call) if call.len() < limits::BATCH && size <= limits::MESSAGE => {
                call.push(message);
            }
            _ => {
                size = message.len();
                calls.push(vec![message]);
            }
        }
    }
    calls
}

/// Which answer to one event of a batch answers the whole, lowest first: what has to be sent again, then
/// what cannot be kept, then what is new. What is no event is refused by itself, and answers the whole only
/// where nothing else does.
const fn urgency(answer: &Answer) -> u8 {
    match answer {
        Answer::Unavailable | Answer::Throttled => 0,
        Answer::Unauthenticated | Answer::MethodNotAllowed | Answer::TooLarge => 1,
        Answer::Accepted { .. } => 2,
        Answer::Duplicate { .. } => 3,
        Answer::Ignored { .. } | Answer::Challenged(_) => 4,
        Answer::Malformed => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_sends_ten_messages_and_no_more_than_a_message_may_have() {
        let lengths = |calls: Vec<Vec<String>>| calls.iter().map(Vec::len).collect::<Vec<_>>();
        let small = (0..25).map(|_| "small".to_owned());
        assert_eq!(lengths(in_calls(small)), [10, 10, 5]);
        let large = (0..5).map(|_| "x".repeat(limits::MESSAGE / 2));
        assert_eq!(lengths(in_calls(large)), [2, 2, 1]);
        assert!(in_calls(std::iter::empty()).is_empty());
    }
}
