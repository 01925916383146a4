//! What DynamoDB gives back of an event, in DynamoDB's own JSON:
//! `{"pk": {"S": "github/default/1"}, "attempts": {"N": "0"}, ...}`.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use webhooks::event::Event;
use webhooks::ledger::Item;

use super::envelope;

type Attributes = HashMap<String, AttributeValue>;

/// A ledger's item.
pub fn item(data: &[u8]) {
    let Some(attributes) = attributes(data) else {
        return;
    };
    let Ok(item) = Item::try_from(attributes.clone()) else {
        return;
    };
    let text = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok());
    let number = |name: &str| attributes.get(name).and_then(|value| value.as_n().ok());
    let count = |name: &str| number(name).and_then(|count| count.parse().ok());
    let key = item.event.key();
    assert_eq!(text("pk"), Some(&key.to_string()));
    assert_eq!(key.to_string().parse().as_ref(), Ok(key));
    assert_eq!(text("type").map(String::as_str), Some(item.event.kind()));
    assert_eq!(
        text("status").map(String::as_str),
        Some(item.status.as_str())
    );
    assert_eq!(text("cause"), item.cause.as_ref());
    for (name, read) in [
        ("attempts", item.attempts),
        ("duplicates", item.duplicates),
        ("conflicts", item.conflicts),
        ("redeliveries", item.redeliveries),
        ("resends", item.resends),
    ] {
        assert_eq!(count(name).unwrap_or(0), read, "{name}");
    }
    let text = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok());
    let media_type = text("media_type").map_or("application/json", String::as_str);
    assert_eq!(item.event.payload().media_type, media_type);
    let received = format!("{} received", item.event.received_at());
    assert_eq!(item.history.first(), Some(&received));
    check_payload(&attributes, &item);
    if fits_a_message(&item.event) {
        envelope::survives(&item.event);
    }
}

/// Nothing is recorded past RFC 3339's years, and no message is.
fn fits_a_message(event: &Event<'_>) -> bool {
    let received_at = event.received_at();
    received_at.to_string().parse() == Ok(received_at)
}

/// What is stored as it is comes back as it is, and what is elsewhere is still there.
fn check_payload(attributes: &Attributes, item: &Item) {
    if let Some(object) = item.event.payload().away() {
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
        let stored = stored.expect("an item has a payload");
        assert_eq!(stored.as_ref(), item.event.payload().bytes.as_ref());
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
