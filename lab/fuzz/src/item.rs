//! What DynamoDB gives back of an event, in DynamoDB's own JSON:
//! `{"pk": {"S": "github/default/1"}, "received_at": {"N": "0"}, ...}`.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use webhooks::event::Event;
use webhooks::ledger::Receipt;

use super::envelope;

type Attributes = HashMap<String, AttributeValue>;

/// A ledger's receipt.
pub fn item(data: &[u8]) {
    let Some(attributes) = attributes(data) else {
        return;
    };
    let Ok(receipt) = Receipt::try_from(attributes.clone()) else {
        return;
    };
    let text = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok());
    let number = |name: &str| attributes.get(name).and_then(|value| value.as_n().ok());
    let event = &receipt.event;
    let key = event.key();
    assert_eq!(text("pk"), Some(&key.to_string()));
    assert_eq!(key.to_string().parse().as_ref(), Ok(key));
    assert_eq!(text("type").map(String::as_str), Some(event.kind()));
    let millis = |name: &str| number(name).and_then(|number| number.parse::<i64>().ok());
    assert_eq!(millis("received_at"), Some(event.received_at().millis()));
    assert!(millis("expires_at").is_some(), "a receipt has an end");
    let media_type = text("media_type").map_or("application/json", String::as_str);
    assert_eq!(event.payload().media_type, media_type);
    assert_eq!(text("traceparent").map(String::as_str), event.traceparent());
    check_payload(&attributes, event);
    if fits_a_message(event) {
        envelope::survives(event);
    }
}

/// Nothing is recorded past RFC 3339's years, and no message is.
fn fits_a_message(event: &Event<'_>) -> bool {
    let received_at = event.received_at();
    received_at.to_string().parse() == Ok(received_at)
}

/// What is stored as it is comes back as it is, and what is elsewhere is still there.
fn check_payload(attributes: &Attributes, event: &Event<'_>) {
    if let Some(object) = event.payload().away() {
        let name = attributes.get("object").and_then(|name| name.as_s().ok());
        assert_eq!(name.map(String::as_str), Some(object.name()));
        assert!(object.name().ends_with(&hex::encode(object.digest())));
        return;
    }
    let encoding = attributes
        .get("encoding")
        .and_then(|value| value.as_s().ok());
    if encoding.is_some_and(|encoding| encoding == "identity") {
        let stored = attributes
            .get("payload")
            .and_then(|value| value.as_b().ok());
        let stored = stored.expect("a receipt has a payload");
        assert_eq!(stored.as_ref(), event.payload().bytes.as_ref());
    }
}

fn attributes(data: &[u8]) -> Option<Attributes> {
    let object: HashMap<String, Value> = serde_json::from_slice(data).ok()?;
    let attribute = |(name, value): (String, Value)| Some((name, attribute(&value)?));
    object.into_iter().map(attribute).collect()
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let text = || value.as_str().map(str::to_owned);
    match kind.as_str() {
        "S" => text().map(AttributeValue::S),
        "N" => text().map(AttributeValue::N),
        "B" => STANDARD
            .decode(text()?)
            .ok()
            .map(|bytes| AttributeValue::B(Blob::new(bytes))),
        "BOOL" => value.as_bool().map(AttributeValue::Bool),
        "L" => {
            let values = value.as_array()?.iter().map(attribute);
            values.collect::<Option<_>>().map(AttributeValue::L)
        }
        _ => None,
    }
}
