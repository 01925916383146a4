//! Messages that come of a delivery, as Lambda hands them to the processor.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::Value;
use uuid::Uuid;
use webhooks::envelope::whole_envelope;
use webhooks::event::Event;
use webhooks::provider::Signer;
use webhooks::provider::meaning::Meaning;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::event_source::sqs_event;
use crate::failure::Failure;
use crate::fixture::Fixture;

/// The queue's event for a delivery that was received at `now`, as a receiver writes it that could not record
/// the event: it carries all that the processor needs, the ledger's item included.
///
/// # Errors
/// [`Failure`] when the delivery brings no event.
pub(crate) fn queue_event(
    fixture: &Fixture,
    provider: &dyn Signer,
    source: &str,
    secret: &Secret,
    now: Timestamp,
) -> Result<Value, Failure> {
    let keys = development::keys(provider, std::slice::from_ref(secret));
    let verified = verify(provider, &fixture.delivery, keys, now)
        .map_err(|error| Failure::new("the event", error))?;
    let meaning = provider.identify(&verified);
    let events = match meaning.map_err(|error| Failure::new("the event", error))? {
        Meaning::Event(identity) => {
            vec![Event::new(provider, source, identity, &verified, now, None)]
        }
        Meaning::Batch(elements) => {
            let elements = elements.into_iter().flatten();
            let event =
                |element| Event::of_element(provider, source, element, &verified, now, None);
            elements.map(event).collect()
        }
        Meaning::Ping(_) | Meaning::Challenge(_) | Meaning::FetchBack(..) => {
            return Err(Failure::usage(
                "this delivery brings no event: there is no message that comes of it",
            ));
        }
    };
    let messages: Vec<Message> = events.iter().map(|event| message(event, now)).collect();
    Ok(sqs_event(&messages))
}

fn message(event: &Event<'_>, now: Timestamp) -> Message {
    Message::builder()
        .message_id(Uuid::new_v4().to_string())
        .receipt_handle("none")
        .body(whole_envelope(event))
        .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "1")
        .attributes(
            MessageSystemAttributeName::SentTimestamp,
            now.millis().to_string(),
        )
        .build()
}
