//! The payload of a delivery: the exact bytes for the ledger, and JSON for everybody else.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::compression::{IDENTITY, Packed};
use crate::delivery::{Delivery, Method};
use crate::json;
use crate::object::Object;
use crate::signature::sha256;

/// The media type of HTML forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes of an event and their type. Digest and packed bytes are worked out once.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    /// The media type without parameters, in lower case; empty where the sender named none.
    pub media_type: Cow<'a, str>,
    /// The exact bytes: the body, or the query string of a GET. Empty while they are [away](Self::away).
    pub bytes: Cow<'a, [u8]>,
    /// The object that keeps the bytes when they are too many for an item.
    pub(crate) object: Option<Object>,
    digest: OnceLock<[u8; 32]>,
    packed: OnceLock<Option<Packed>>,
}

/// A payload's bytes as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Their encoding.
    pub encoding: &'a str,
}

/// A payload as the envelope carries it.
#[derive(Debug)]
pub enum Data {
    /// JSON text, byte for byte as it was sent where it was JSON.
    Json(Box<RawValue>),
    /// Bytes that are neither JSON nor a form.
    Binary,
}

impl<'a> Payload<'a> {
    /// A payload with its bytes at hand.
    pub fn new(media_type: impl Into<Cow<'a, str>>, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self {
            media_type: media_type.into(),
            bytes: bytes.into(),
            object: None,
            digest: OnceLock::new(),
            packed: OnceLock::new(),
        }
    }

    /// A payload with its bytes at hand, which come from these packed ones.
    pub(crate) fn unpacked(
        media_type: impl Into<Cow<'a, str>>,
        bytes: impl Into<Cow<'a, [u8]>>,
        packed: Option<Packed>,
    ) -> Self {
        Self {
            packed: packed.into(),
            ..Self::new(media_type, bytes)
        }
    }

    /// A payload whose bytes are away.
    pub fn at(media_type: impl Into<Cow<'a, str>>, object: Object) -> Self {
        Self {
            object: Some(object),
            ..Self::new(media_type, Vec::new())
        }
    }

    /// The payload of a delivery: the body, or the query string of a GET.
    pub fn of(delivery: &'a Delivery) -> Self {
        match delivery.method {
            Method::Get => Self::new(FORM, delivery.query.as_bytes()),
            Method::Post | Method::Head | Method::Other => {
                Self::new(delivery.media_type(), &delivery.body)
            }
        }
    }

    /// The fields of a form, decoded once, in the order in which they came; nothing for other types.
    pub fn fields(&self) -> Vec<(String, String)> {
        if self.media_type == FORM {
            form_fields(&self.bytes)
        } else {
            Vec::new()
        }
    }

    /// The payload read as JSON: the bytes themselves, or the field `payload` of a form that
    /// wraps JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        match self.wrapped_json() {
            Some(wrapped) => json::read(wrapped.as_bytes()),
            None => json::read(&self.bytes),
        }
    }

    /// Members of the payload read as JSON, as [`json::members`] finds them.
    pub(crate) fn members(&self, names: &[&str]) -> Option<Vec<Option<Box<RawValue>>>> {
        match self.wrapped_json() {
            Some(wrapped) => json::members(wrapped.as_bytes(), names),
            None => json::members(&self.bytes, names),
        }
    }

    /// The text that is read as JSON; none where the bytes are no text.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self.wrapped_json() {
            Some(wrapped) => Some(wrapped.into()),
            None => std::str::from_utf8(&self.bytes).ok().map(Cow::Borrowed),
        }
    }

    /// The value of a form's field that comes once.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        form_field(self.fields(), name)
    }

    /// True if this is a form that wraps JSON.
    pub(crate) fn wraps_json(&self) -> bool {
        self.wrapped_json().is_some()
    }

    /// The payload as the envelope carries it. JSON goes in as it was sent, wrapped JSON is
    /// unwrapped, and a form becomes an object of strings, with an array where a key repeats.
    pub fn data(&self) -> Data {
        if self.media_type != FORM {
            return match serde_json::from_slice(&self.bytes) {
                Ok(json) => Data::Json(json),
                Err(_) => Data::Binary,
            };
        }
        let wrapped = self.wrapped_json().map(RawValue::from_string);
        match wrapped {
            Some(Ok(json)) => Data::Json(json),
            Some(Err(_)) | None => match to_raw_value(&object(self.fields())) {
                Ok(json) => Data::Json(json),
                Err(_) => Data::Binary,
            },
        }
    }

    /// The value at the end of a path of the payload's JSON form, unread: members are joined by dots, and an
    /// element of an array goes by its place, from 0.
    pub fn value(&self, path: &str) -> Option<Box<RawValue>> {
        match self.data() {
            Data::Json(json) => json::member(json.get().as_bytes(), path),
            Data::Binary => None,
        }
    }

    /// SHA-256 of the exact bytes, by which a repeated id with another body is recognised.
    pub fn digest(&self) -> [u8; 32] {
        match &self.object {
            Some(object) => object.digest(),
            None => *self.digest.get_or_init(|| sha256(&self.bytes)),
        }
    }

    /// The payload as it is stored. `pack` is called once in the payload's life, and its result kept.
    pub(crate) fn stored(&self, pack: impl FnOnce(&[u8]) -> Option<Packed>) -> Stored<'_> {
        match self.packed.get_or_init(|| pack(&self.bytes)) {
            Some(Packed { bytes, encoding }) => Stored { bytes, encoding },
            None => Stored {
                bytes: &self.bytes,
                encoding: IDENTITY,
            },
        }
    }

    /// Puts the bytes of a payload in place that was [away](Self::away).
    pub(crate) fn bring(&mut self, bytes: Vec<u8>) {
        self.bytes = bytes.into();
        self.packed = OnceLock::new();
    }

    /// The object that has the bytes, while they are not at hand: what is read back from a record
    /// or a message refers to a large payload.
    pub fn away(&self) -> Option<&Object> {
        self.object.as_ref().filter(|_| self.bytes.is_empty())
    }

    fn wrapped_json(&self) -> Option<String> {
        let mut fields = self.fields();
        match fields.as_slice() {
            [(key, _)] if key == "payload" => fields.pop().map(|(_, value)| value),
            _ => None,
        }
    }
}

impl PartialEq for Payload<'_> {
    /// Compares type, bytes and object; the digest and the packed bytes follow from them.
    fn eq(&self, other: &Self) -> bool {
        (&self.media_type, &self.bytes, &self.object)
            == (&other.media_type, &other.bytes, &other.object)
    }
}

impl Eq for Payload<'_> {}

/// Key and value pairs of a form or query string, decoded once: `+` is a space, `%XX` a byte, the
/// result UTF-8 (what is not becomes U+FFFD).
pub fn form_fields(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

/// The value of a field that comes once.
pub(crate) fn form_field(fields: Vec<(String, String)>, name: &str) -> Option<String> {
    let mut found = fields.into_iter().filter(|(field, _)| field == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

fn object(fields: Vec<(String, String)>) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, value) in fields {
        let value = Value::String(value);
        match object.get_mut(&key) {
            None => {
                object.insert(key, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(media_type: &'static str, text: &'static str) -> Payload<'static> {
        Payload::new(media_type, text.as_bytes())
    }

    fn json(payload: &Payload<'_>) -> Option<String> {
        match payload.data() {
            Data::Json(json) => Some(json.get().to_owned()),
            Data::Binary => None,
        }
    }

    #[test]
    fn is_packed_once() {
        let payload = payload("text/plain", "hello");
        for calls in [1, 0] {
            let mut called = 0;
            let stored = payload.stored(|bytes| {
                called += 1;
                Some(Packed {
                    bytes: bytes[..1].to_vec(),
                    encoding: "shorter".into(),
                })
            });
            let expected = Stored {
                bytes: b"h",
                encoding: "shorter",
            };
            assert_eq!((stored, called), (expected, calls));
        }
    }

    #[test]
    fn carries_json_as_it_was_sent() {
        let text = "{ \"n\": 12345678901234567890123, \"u\": \"\\u00e9\" }";
        let data = json(&payload("application/json", text));
        assert_eq!(data.as_deref(), Some(text));
    }

    #[test]
    fn turns_a_form_into_strings_and_arrays() {
        let data = json(&payload(FORM, "a=1+2&b=%C3%A9&a=3&c=&d"));
        let expected = r#"{"a":["1 2","3"],"b":"é","c":"","d":""}"#;
        assert_eq!(data.as_deref(), Some(expected));
    }

    #[test]
    fn unwraps_json_from_a_form() {
        let wrapped = payload(FORM, "payload=%7B%22a%22%3A1%7D");
        assert_eq!(json(&wrapped).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(wrapped.json(), Some(serde_json::json!({"a": 1})));
    }

    #[test]
    fn takes_what_is_not_json_as_binary() {
        assert_eq!(json(&payload("application/json", "{")), None);
        assert_eq!(json(&payload("text/plain", "hello")), None);
    }

    #[test]
    fn takes_deep_json_without_recursion() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let payload = Payload::new("application/json", deep.into_bytes());
        assert!(matches!(payload.data(), Data::Json(_)));
    }
}
