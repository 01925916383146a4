//! API Gateway's event (payload format 2.0) as a captured request: what `send --print` writes and what a log
//! has.

use serde_json::{Map, Value, json};
use webhooks::gateway::{Origin, Request};

/// True for an event of an HTTP API, and not for a captured request, which has no context.
pub(crate) fn is_one(fields: &Map<String, Value>) -> bool {
    fields.contains_key("requestContext") && !fields.contains_key("httpMethod")
}

/// The fields of a captured request: the event's URL is that of its domain, and the time that of its arrival.
/// What stands in the event beside what the gateway writes (secrets, config, fetch, now) stays.
///
/// # Errors
/// A message that says what the event lacks.
pub(crate) fn captured(mut event: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let request: Request = serde_json::from_value(Value::Object(event.clone()))
        .map_err(|_| "the event is not one of an HTTP API with payload format 2.0".to_owned())?;
    let arrived_at = request.arrived_at();
    let delivery = request
        .delivery(Origin::Domain)
        .map_err(|error| error.to_string())?;
    let url = delivery
        .urls
        .first()
        .ok_or("the event has no requestContext.domainName: write the request's url")?;
    let method = event["requestContext"]["http"]["method"].clone();
    let body = event.remove("body").filter(|body| !body.is_null());
    let is_base64 = event.remove("isBase64Encoded") == Some(Value::Bool(true));
    let body_field = if is_base64 { "body_base64" } else { "body" };
    let mut fields = Map::from_iter([
        ("method".to_owned(), method),
        ("url".to_owned(), json!(url)),
        (body_field.to_owned(), body.unwrap_or(json!(""))),
    ]);
    if let Some(arrived_at) = arrived_at {
        fields.insert("now".to_owned(), json!(arrived_at.seconds()));
    }
    let beside = ["headers", "secrets", "config", "fetch", "now"];
    let beside = beside.iter().filter_map(|name| event.remove_entry(*name));
    fields.extend(beside);
    Ok(fields)
}
