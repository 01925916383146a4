//! The EventBridge bus: where events go on, by rules instead of code.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use webhooks::event::Event;
use webhooks::payload::Data;
use webhooks::router::{Context, Outcome};

use crate::effect::Effect;
use crate::refusal::{self, Refusal};
use crate::resources::Resources;

/// The `source` of everything that is put on the bus.
const SOURCE: &str = "webhooks";

/// EventBridge takes an entry of up to 1 MB; this leaves room for its other fields.
const LARGEST_DATA: usize = 1_000_000;

/// Longest `detail-type`, in characters.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
const LONGEST_TYPE: usize = 128;

const REFUSED: &str = "EventBridge refused the event";

/// Puts an event on the bus as it is: its type as `detail-type`, and a detail with its origin, the
/// type, the time and the data. Data that EventBridge does not take (too large, nested too deeply, a number
/// beyond 64 bits) is left out; the ledger has it. A type that is too long is cut in `detail-type`.
pub(crate) async fn forward(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let whole = Forwarded::of(&event);
    let reference = Forwarded {
        data: None,
        ..whole.clone()
    };
    let key = &context.idempotency_key;
    let (whole, reference) = (
        Effect::of(&event, key, whole),
        Effect::of(&event, key, reference),
    );
    let sent = refusal::or_by_reference(
        send(&context, event.kind(), &whole),
        send(&context, event.kind(), &reference),
    );
    refusal::outcome(sent.await, REFUSED)
}

/// The content of a forwarded event. The data is the sender's own text: read and written anew, large
/// numbers would change.
#[derive(Clone, Debug, Serialize)]
struct Forwarded {
    #[serde(rename = "type")]
    kind: String,
    time: String,
    dataref: String,
    data: Option<Box<RawValue>>,
}

impl Forwarded {
    fn of(event: &Event<'_>) -> Self {
        let data = match event.payload().data() {
            Data::Json(json) if json.get().len() <= LARGEST_DATA => Some(json),
            Data::Json(_) | Data::Binary => None,
        };
        Self {
            kind: event.kind().to_owned(),
            time: event.received_at().to_string(),
            dataref: format!("ledger:{}", event.key()),
            data,
        }
    }
}

/// Puts one entry on the bus. A refusal that no other attempt can change fails the event at once.
pub(crate) async fn put(
    context: &Context<Resources>,
    kind: &str,
    detail: &impl Serialize,
) -> Outcome {
    refusal::outcome(send(context, kind, detail).await, REFUSED)
}

async fn send(
    context: &Context<Resources>,
    kind: &str,
    detail: &impl Serialize,
) -> Result<(), Refusal> {
    let detail = serde_json::to_string(detail)
        .map_err(|_| Refusal::Lasting("the detail is not JSON".to_owned()))?;
    let kind: String = kind.chars().take(LONGEST_TYPE).collect();
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&context.state.bus)
        .source(SOURCE)
        .detail_type(kind)
        .detail(detail)
        .build();
    context.state.event_bridge.put(entry).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::event;

    #[test]
    fn a_forwarded_event_names_its_source_and_carries_the_text_unchanged() {
        let text = r#"{"cut": "\ud83d", "n": 12345678901234567890123, "f": 1e999, "a": 1, "a": 2}"#;
        let event = event("stripe/live/evt_1", "stripe.payout.paid", text);
        let detail = Effect::of(&event, "key", Forwarded::of(&event));
        let expected = format!(
            r#"{{"provider":"stripe","source":"live","id":"evt_1","idempotencyKey":"key","type":"stripe.payout.paid","time":"2026-01-01T00:00:00.000Z","dataref":"ledger:stripe/live/evt_1","data":{text}}}"#
        );
        assert_eq!(serde_json::to_string(&detail).expect("JSON"), expected);
    }
}
