//! The EventBridge bus: where events go on, by rules instead of code.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use webhooks::aws;
use webhooks::event::Event;
use webhooks::payload::Data;
use webhooks::router::{Context, Outcome};

use crate::effect::Effect;
use crate::resources::Resources;

/// The `source` of everything that is put on the bus.
const SOURCE: &str = "webhooks";

/// EventBridge takes an entry of up to 1 MB; this leaves room for its other fields.
const LARGEST_DATA: usize = 1_000_000;

/// Puts an event on the bus as it is: its type as `detail-type`, and a detail with its origin, the
/// time and the data. Data that does not fit is left out; the ledger has it.
pub(crate) async fn forward(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let content = Forwarded::of(&event);
    let detail = Effect::of(&event, &context.idempotency_key, content);
    put(&context, event.kind(), &detail).await
}

/// The content of a forwarded event. The data is the sender's own text: read and written anew, large
/// numbers would change.
#[derive(Debug, Serialize)]
struct Forwarded {
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
            time: event.received_at().to_string(),
            dataref: format!("ledger:{}", event.key()),
            data,
        }
    }
}

/// Puts one entry on the bus.
pub(crate) async fn put(
    context: &Context<Resources>,
    kind: &str,
    detail: &impl Serialize,
) -> Outcome {
    let Ok(detail) = serde_json::to_string(detail) else {
        return Outcome::failed("the detail is not JSON");
    };
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&context.state.bus)
        .source(SOURCE)
        .detail_type(kind)
        .detail(detail)
        .build();
    let output = match context
        .state
        .event_bridge
        .put_events()
        .entries(entry)
        .send()
        .await
    {
        Ok(output) => output,
        Err(error) => {
            return Outcome::retry(format!(
                "EventBridge refused the event: {}",
                aws::code(&error)
            ));
        }
    };
    // The call succeeds when its entry fails: EventBridge says so in the entry.
    let code = output.entries().iter().find_map(|entry| entry.error_code());
    match code {
        Some(code) => Outcome::retry(format!("EventBridge refused the event: {code}")),
        None => Outcome::done(),
    }
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
            r#"{{"provider":"stripe","source":"live","id":"evt_1","idempotencyKey":"key","time":"2026-01-01T00:00:00.000Z","dataref":"ledger:stripe/live/evt_1","data":{text}}}"#
        );
        assert_eq!(serde_json::to_string(&detail).expect("JSON"), expected);
    }
}
