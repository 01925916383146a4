//! The EventBridge bus: where events go on, by rules instead of code.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::resources::Resources;

/// The `source` of everything that is put on the bus.
const SOURCE: &str = "webhooks";

/// EventBridge takes an entry of up to 1 MB; the detail leaves room for its other fields.
const LARGEST_DETAIL: usize = 1_000_000;

/// Puts an event on the bus as it is: its type as `detail-type`, and a detail with the id, the
/// route, the time and the data. Data that does not fit is left out; the ledger has it.
pub(crate) async fn forward(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let data: Option<Box<RawValue>> = event.data();
    let fits = |data: &RawValue| data.get().len() <= LARGEST_DETAIL;
    let detail = json!({
        "id": event.key().id,
        "source": event.key().route(),
        "time": event.received_at().to_string(),
        "idempotencyKey": context.idempotency_key,
        "dataref": format!("ledger:{}", event.key()),
        "data": data.filter(|data| fits(data)),
    });
    put(&context, event.kind(), &detail).await
}

/// Puts one entry on the bus.
pub(crate) async fn put(context: &Context<Resources>, kind: &str, detail: &Value) -> Outcome {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&context.state.bus)
        .source(SOURCE)
        .detail_type(kind)
        .detail(detail.to_string())
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
            tracing::warn!(error = %error, "EventBridge does not take the event");
            return Outcome::retry("EventBridge does not answer");
        }
    };
    // The call succeeds when its entry fails: EventBridge says so in the entry.
    let code = output.entries().iter().find_map(|entry| entry.error_code());
    match code {
        Some(code) => Outcome::retry(format!("EventBridge refused the event: {code}")),
        None => Outcome::done(),
    }
}
