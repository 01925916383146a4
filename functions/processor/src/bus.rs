//! The EventBridge bus: where events go on, by rules instead of code.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use webhooks::aws;
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::resources::Resources;

/// The `source` of everything that is put on the bus.
const SOURCE: &str = "webhooks";

/// EventBridge takes an entry of up to 1 MB; this leaves room for its other fields.
const LARGEST_DATA: usize = 1_000_000;

/// Puts an event on the bus as it is: its type as `detail-type`, and a detail with the id, the
/// route, the time and the data. Data that does not fit is left out; the ledger has it.
pub(crate) async fn forward(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let data: Option<Box<RawValue>> = event.data();
    let detail = Detail {
        id: &event.key().id,
        source: event.key().route(),
        time: event.received_at().to_string(),
        idempotency_key: &context.idempotency_key,
        dataref: format!("ledger:{}", event.key()),
        data: data
            .as_deref()
            .filter(|data| data.get().len() <= LARGEST_DATA),
    };
    put(&context, event.kind(), &detail).await
}

/// The detail of a forwarded event. The data is the sender's own text: read and written anew, large
/// numbers would change.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    id: &'a str,
    source: String,
    time: String,
    idempotency_key: &'a str,
    dataref: String,
    data: Option<&'a RawValue>,
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
