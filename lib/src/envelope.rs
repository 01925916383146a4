//! The queue message: a CloudEvents 1.0 object in structured JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::compression::{IDENTITY, NotPacked, Packed};
use crate::event::{Event, EventKey};
use crate::limits;
use crate::name;
use crate::object::Object;
use crate::origin::Origin;
use crate::packing;
use crate::payload::{Data, FORM, Payload};
use crate::timestamp::Timestamp;

const JSON: &str = "application/json";
const BUCKET: &str = "bucket:";
const LEDGER: &str = "ledger:";

/// The message's JSON. `dataref` and `datacontentencoding` are extension attributes: where the
/// payload is to be found, and how `data_base64` is packed.
#[derive(Debug, Serialize, Deserialize)]
struct Wire<'a> {
    specversion: Cow<'a, str>,
    id: Cow<'a, str>,
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    time: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datacontentencoding: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dataref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
}

/// A message read back: which event, and the event itself where the message carries it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The key of the event.
    pub key: EventKey,
    /// When the delivery came that the message is about.
    pub received_at: Timestamp,
    /// The event as the message has it, its payload perhaps [away](Payload::away) in the bucket;
    /// `None` where it refers to the ledger.
    pub whole: Option<Event<'static>>,
    /// True if a receiver sent it because it could not record the event.
    pub unrecorded: bool,
}

/// The queue message is not an envelope of ours.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    /// A text that is not the JSON of a CloudEvent.
    #[error("not a CloudEvent")]
    Json(#[source] serde_json::Error),
    /// An attribute has a value that we never write.
    #[error("the attribute {0} is unusable")]
    Attribute(&'static str),
}

/// The message that hands an event over: with its payload as JSON or base64 where that is small,
/// by reference to the ledger where it is not.
pub fn envelope(event: &Event<'_>) -> String {
    let mut wire = Wire::of(event);
    // JSON is no longer in the message than it is here; a form can only be told by its JSON.
    let json_is_large =
        event.payload.media_type != FORM && event.payload.bytes.len() > limits::MESSAGE_PAYLOAD;
    if event.payload.object.is_some() || json_is_large {
        wire.dataref = Some(ledger(event));
        return wire.json();
    }
    match event.payload.data() {
        Data::Json(json) if json.get().len() <= limits::MESSAGE_PAYLOAD => {
            wire.datacontenttype = Some(Cow::Borrowed(JSON));
            wire.data = Some(json);
        }
        Data::Binary if event.payload.bytes.len() <= limits::MESSAGE_PAYLOAD / 4 * 3 => {
            wire.datacontenttype = media_type(&event.payload);
            wire.data_base64 = Some(STANDARD.encode(&event.payload.bytes));
        }
        Data::Json(_) | Data::Binary => wire.dataref = Some(ledger(event)),
    }
    wire.json()
}

/// The message that hands an event over as the ledger has it, whatever this delivery of it brought.
pub fn reference(event: &Event<'_>) -> String {
    let mut wire = Wire::of(event);
    wire.dataref = Some(ledger(event));
    wire.json()
}

fn ledger(event: &Event<'_>) -> String {
    format!("{LEDGER}{}", event.key)
}

/// The message for an event that could not be recorded: it carries the exact bytes, compressed,
/// whatever their size, or refers to the bucket if that has them. The processor makes the ledger's
/// item from it.
pub fn whole_envelope(event: &Event<'_>) -> String {
    let mut wire = Wire::of(event);
    wire.datacontenttype = media_type(&event.payload);
    if let Some(object) = &event.payload.object {
        wire.dataref = Some(format!("{BUCKET}{}", object.name()));
        return wire.json();
    }
    let stored = packing::stored(event);
    wire.datacontentencoding = Some(Cow::Borrowed(stored.encoding));
    wire.data_base64 = Some(STANDARD.encode(stored.bytes));
    wire.json()
}

fn media_type<'a>(payload: &'a Payload<'_>) -> Option<Cow<'a, str>> {
    (!payload.media_type.is_empty()).then_some(Cow::Borrowed(&payload.media_type))
}

impl<'a> Wire<'a> {
    fn of(event: &'a Event<'_>) -> Self {
        Self {
            specversion: Cow::Borrowed("1.0"),
            id: Cow::Borrowed(&event.key.id),
            source: Cow::Owned(event.key.route()),
            kind: Cow::Borrowed(&event.kind),
            time: Cow::Owned(event.received_at.to_string()),
            datacontenttype: None,
            data: None,
            data_base64: None,
            datacontentencoding: None,
            dataref: None,
            traceparent: event.traceparent.as_deref().map(Cow::Borrowed),
        }
    }

    /// The JSON, without the two characters that JSON has and SQS does not
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>):
    /// they can stand only in strings, where an escape means the same.
    fn json(&self) -> String {
        let json = serde_json::to_string(self).expect("strings and valid JSON serialise");
        // Both begin with this byte, which most messages do not have at all.
        let suspicious = json.as_bytes().contains(&0xef);
        if suspicious && json.contains(['\u{fffe}', '\u{ffff}']) {
            json.replace('\u{fffe}', "\\ufffe")
                .replace('\u{ffff}', "\\uffff")
        } else {
            json
        }
    }

    fn payload(&self, key: &EventKey) -> Result<Option<Payload<'static>>, UnreadableMessage> {
        let media_type = self
            .datacontenttype
            .as_deref()
            .unwrap_or_default()
            .to_owned();
        match (&self.data, &self.data_base64) {
            (Some(json), _) => {
                let bytes = json.get().as_bytes().to_vec();
                Ok(Some(Payload::new(media_type, bytes)))
            }
            (None, Some(base64)) => self.decode(media_type, base64).map(Some),
            (None, None) => self.referred(media_type, key),
        }
    }

    /// The event's own payload in the bucket; `None` for the event in the ledger.
    fn referred(
        &self,
        media_type: String,
        key: &EventKey,
    ) -> Result<Option<Payload<'static>>, UnreadableMessage> {
        let reference = self.dataref.as_deref().unwrap_or_default();
        if reference.strip_prefix(LEDGER) == Some(&*key.to_string()) {
            return Ok(None);
        }
        let object = reference.strip_prefix(BUCKET);
        let object = object.and_then(|name| Object::parse(name, &key.provider, &key.source));
        let object = object.ok_or(UnreadableMessage::Attribute("dataref"))?;
        Ok(Some(Payload::at(media_type, object)))
    }

    fn decode(
        &self,
        media_type: String,
        base64: &str,
    ) -> Result<Payload<'static>, UnreadableMessage> {
        let bytes = STANDARD
            .decode(base64)
            .map_err(|_| UnreadableMessage::Attribute("data_base64"))?;
        let Some(encoding) = self.datacontentencoding.as_deref() else {
            return Ok(Payload::new(media_type, bytes));
        };
        let unpacked = packing::unpack(&bytes, encoding)
            .map_err(|NotPacked| UnreadableMessage::Attribute("data_base64"))?;
        let packed = (encoding != IDENTITY).then(|| Packed {
            bytes,
            encoding: encoding.to_owned().into(),
        });
        Ok(Payload::unpacked(media_type, unpacked, packed))
    }
}

impl Message {
    /// Reads a queue message's body.
    ///
    /// # Errors
    /// [`UnreadableMessage`] for anything that [`envelope`] and [`whole_envelope`] do not write.
    pub fn read(body: &str) -> Result<Self, UnreadableMessage> {
        let wire: Wire<'_> = serde_json::from_str(body).map_err(UnreadableMessage::Json)?;
        if wire.specversion != "1.0" {
            return Err(UnreadableMessage::Attribute("specversion"));
        }
        let route = wire.source.strip_prefix("/webhooks/").unwrap_or_default();
        let key = format!("{route}/{}", wire.id).parse();
        // A slash too many or too few in the source would move a part of it into the id, or back.
        let key = key.ok().filter(|key: &EventKey| key.id == wire.id);
        let key = key.ok_or(UnreadableMessage::Attribute("source or id"))?;
        let received_at: Timestamp = wire
            .time
            .parse()
            .map_err(|_| UnreadableMessage::Attribute("time"))?;
        if !name::is_kind(&wire.kind, &key.provider) {
            return Err(UnreadableMessage::Attribute("type"));
        }
        let whole = wire.payload(&key)?.map(|payload| Event {
            key: key.clone(),
            kind: wire.kind.clone().into_owned(),
            received_at,
            payload,
            traceparent: wire.traceparent.clone().map(Cow::into_owned),
            origin: Origin::Delivered,
            signed_by: None,
        });
        let reference = wire.dataref.as_deref().unwrap_or_default();
        let unrecorded = wire.datacontentencoding.is_some() || reference.starts_with(BUCKET);
        Ok(Self {
            key,
            received_at,
            whole,
            unrecorded,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(media_type: &'static str, bytes: Vec<u8>) -> Event<'static> {
        Event {
            key: "github/default/1:a".parse().expect("a key"),
            kind: "github.push".to_owned(),
            received_at: Timestamp::from_seconds(1_767_225_600),
            payload: Payload::new(media_type, bytes),
            traceparent: None,
            origin: Origin::Delivered,
            signed_by: None,
        }
    }

    #[test]
    fn is_a_cloud_event_with_the_payload_as_it_was_sent() {
        let body = envelope(&event(JSON, b"{\"n\": 1e400}".to_vec()));
        let expected = r#"{"specversion":"1.0","id":"1:a","source":"/webhooks/github/default","type":"github.push","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","data":{"n": 1e400}}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn has_no_character_that_sqs_refuses() {
        let odd = "{\"a\": \"\u{ffff}\u{fffe}\u{fffd}\"}";
        let body = envelope(&event(JSON, odd.as_bytes().to_vec()));
        assert!(
            body.ends_with("\"data\":{\"a\": \"\\uffff\\ufffe\u{fffd}\"}}"),
            "{body}"
        );
        let whole = Message::read(&body)
            .expect("readable")
            .whole
            .expect("whole");
        let data: serde_json::Value = whole.data().expect("JSON");
        assert_eq!(data["a"], "\u{ffff}\u{fffe}\u{fffd}");
    }

    #[test]
    fn refers_to_the_bucket_for_a_payload_that_is_there() {
        let mut large = event(JSON, b"large".to_vec());
        let object = format!("github/default/{}", hex::encode(large.payload.digest()));
        large.payload.object = Object::parse(&object, "github", "default");
        assert!(envelope(&large).contains("\"dataref\":\"ledger:github/default/1:a\""));
        let whole = Message::read(&whole_envelope(&large))
            .expect("readable")
            .whole;
        let payload = whole.expect("the event").payload;
        assert_eq!(payload.away().map(Object::name), Some(object.as_str()));
        assert_eq!(payload.digest(), large.payload.digest());
        assert_eq!(payload.media_type, JSON);
    }

    #[test]
    fn refers_to_the_ledger_when_the_payload_is_large() {
        let large = format!("\"{}\"", "a".repeat(limits::MESSAGE_PAYLOAD)).into_bytes();
        let body = envelope(&event(JSON, large));
        assert!(body.contains("\"dataref\":\"ledger:github/default/1:a\""));
        assert_eq!(Message::read(&body).expect("readable").whole, None);
    }

    #[test]
    fn a_whole_envelope_brings_back_every_byte() {
        for bytes in [b"a=1&b=%ff".to_vec(), vec![0xff; 100_000], Vec::new()] {
            let event = event("application/x-www-form-urlencoded", bytes);
            let message = Message::read(&whole_envelope(&event)).expect("readable");
            assert_eq!(message.whole, Some(event));
        }
    }

    #[test]
    fn refuses_what_it_does_not_write() {
        let good = json!({
            "specversion": "1.0", "id": "1", "source": "/webhooks/a/b", "type": "a.t",
            "time": "2026-01-01T00:00:00Z", "dataref": "ledger:a/b/1",
        });
        assert!(Message::read(&good.to_string()).is_ok());
        let digest = "0".repeat(64);
        let long = "x".repeat(limits::ID + 1);
        for (attribute, value) in [
            ("specversion", "0.3"),
            ("id", ""),
            ("id", "1 2"),
            ("id", "1\n"),
            ("id", "\u{202e}1"),
            ("id", &long),
            ("source", "/webhooks/a"),
            ("source", "/webhooks/a/b/c"),
            ("source", "/webhooks/a/.."),
            ("source", "/webhooks/a/b:c"),
            ("source", "/webhooks/a b/b"),
            ("source", "/else/a/b"),
            ("type", ""),
            ("type", "t"),
            ("type", "a."),
            ("type", "b.t"),
            ("type", "a.t\u{1b}[2J"),
            ("type", "a.\u{202e}t"),
            ("type", &format!("a.{long}")),
            ("time", "noon"),
            ("data_base64", "%"),
            ("dataref", ""),
            ("dataref", "elsewhere"),
            ("dataref", "ledger:a/b/2"),
            ("dataref", "bucket:a/b/00"),
            ("dataref", &format!("bucket:a/c/{digest}")),
            ("dataref", &format!("bucket:a/b/c/{digest}")),
            ("dataref", &format!("bucket:{digest}")),
        ] {
            let mut message = good.clone();
            message[attribute] = value.into();
            let read = Message::read(&message.to_string());
            assert!(read.is_err(), "{attribute} {value:?}");
        }
        let moved = good
            .to_string()
            .replace("webhooks/a/b", "webhooks/a")
            .replace("\"1\"", "\"b/1\"");
        for body in ["", "[]", "{}", &moved] {
            assert!(Message::read(body).is_err(), "{body}");
        }
    }
}
