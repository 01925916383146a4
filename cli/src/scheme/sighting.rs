//! What in a request looks like a signature, a time or an id.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};
use webhooks::delivery::Delivery;
use webhooks::payload::form_fields;

/// A place that may have a signature, as a description writes it.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    /// The member `signature`.
    pub(super) place: Value,
    /// The bytes of the signature; none of a token.
    pub(super) length: Option<usize>,
    /// The name of the header or parameter.
    pub(super) name: String,
}

/// A place that may have the time, as a description writes it, without its tolerance.
pub(super) type Time = Value;

const BASE64: [(&str, GeneralPurpose); 2] = [
    ("base64", lenient(&alphabet::STANDARD)),
    ("base64url", lenient(&alphabet::URL_SAFE)),
];

const fn lenient(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new();
    GeneralPurpose::new(
        alphabet,
        config.with_decode_padding_mode(DecodePaddingMode::Indifferent),
    )
}

/// Everything that may be a signature.
pub(super) fn signatures(delivery: &Delivery, secrets: &[&str]) -> Vec<Signature> {
    let headers = delivery.headers.iter();
    let headers = headers.map(|(name, value)| ("header", name.to_owned(), value.to_owned()));
    let query = form_fields(delivery.query.as_bytes()).into_iter();
    let query = query.map(|(name, value)| ("query", name, value));
    let mut found = Vec::new();
    for (kind, name, value) in headers.chain(query) {
        let place = |more: Value| {
            let mut place = json!({kind: name});
            if let (Some(place), Value::Object(more)) = (place.as_object_mut(), more) {
                place.extend(more);
            }
            place
        };
        for (form, text) in forms(&value) {
            let token = token_encoding(&text, secrets).map(|encoding| (encoding, None));
            let signatures = encodings(&text).into_iter();
            let signatures = signatures.map(|(encoding, length)| (encoding, Some(length)));
            for (encoding, length) in token.into_iter().chain(signatures) {
                let mut form = form.clone();
                form["encoding"] = json!(encoding);
                found.push(Signature {
                    place: place(form),
                    length,
                    name: name.clone(),
                });
            }
        }
    }
    found
}

/// The forms in which a value may have a signature, and the signature's text.
fn forms(value: &str) -> Vec<(Value, String)> {
    let mut forms = vec![(json!({}), value.to_owned())];
    // What has many digits is this request's own, and no prefix.
    let is_prefix = |at: &usize| {
        let digits = value[..*at].bytes().filter(u8::is_ascii_digit).count();
        *at + 1 < value.len() && digits <= 4
    };
    if let Some(at) = value.find(['=', ',', ':', ' ']).filter(is_prefix) {
        let (prefix, text) = value.split_at(at + 1);
        forms.push((json!({"prefix": prefix}), text.to_owned()));
    }
    for separator in [", ", ",", ";", " "] {
        if !value.contains(separator) {
            continue;
        }
        for part in value.split(separator) {
            let Some(at) = part.find(['=', ',']) else {
                continue;
            };
            let (name, text) = (&part[..at], &part[at + 1..]);
            if part.as_bytes()[at] == b'=' {
                forms.push((
                    json!({"separator": separator, "name": name}),
                    text.to_owned(),
                ));
            }
            let prefix = &part[..=at];
            forms.push((
                json!({"separator": separator, "prefix": prefix}),
                text.to_owned(),
            ));
        }
    }
    forms
}

/// The encoding in which a text is one of the secrets.
fn token_encoding(text: &str, secrets: &[&str]) -> Option<&'static str> {
    let is_secret = |text: &[u8]| secrets.iter().any(|secret| secret.as_bytes() == text);
    if is_secret(text.as_bytes()) {
        return Some("text");
    }
    let decoded = BASE64[0].1.decode(text).ok()?;
    is_secret(&decoded).then_some("base64")
}

/// The encodings in which a text is as long as signatures are, and how long.
fn encodings(text: &str) -> Vec<(&'static str, usize)> {
    // MACs and Ed25519; of ECDSA and RSA the lengths differ.
    let is_usual = |length: usize| [20, 32, 64].contains(&length) || length >= 68;
    let hex = hex::decode(text).ok().map(|bytes| ("hex", bytes.len()));
    let base64 = BASE64.iter().filter_map(|(name, engine)| {
        let bytes = engine.decode(text).ok()?;
        Some((*name, bytes.len()))
    });
    let found = hex.into_iter().chain(base64);
    found.filter(|(_, length)| is_usual(*length)).collect()
}

/// Everything that may be the time of signing, beside a signature.
pub(super) fn times(delivery: &Delivery, signature: &Signature) -> Vec<Time> {
    let mut times = Vec::new();
    for (name, value) in delivery.headers.iter() {
        if let Some(unit) = unit(value) {
            times.push(json!({"header": name, "unit": unit}));
        }
        let pairs = signature.place.get("separator").and_then(Value::as_str);
        let is_place = name == signature.name;
        for pair in pairs
            .filter(|_| is_place)
            .into_iter()
            .flat_map(|by| value.split(by))
        {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            if let Some(unit) = unit(value) {
                times.push(json!({"pair": name, "unit": unit}));
            }
        }
    }
    times
}

fn unit(value: &str) -> Option<&'static str> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.len() {
        10 if is_number => Some("seconds"),
        13 if is_number => Some("milliseconds"),
        20.. if value.as_bytes()[10] == b'T' && value.starts_with("20") => Some("rfc3339"),
        29 if value.ends_with(" GMT") => Some("http-date"),
        _ => None,
    }
}

/// The headers that may be signed beside the body: an id, a topic, a nonce.
pub(super) fn others(delivery: &Delivery, signature: &Signature) -> Vec<String> {
    const ORDINARY: [&str; 9] = [
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "date",
    ];
    let names = delivery.headers.iter().filter(|(name, value)| {
        let is_ordinary = ORDINARY
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        let is_forwarded = name.to_ascii_lowercase().starts_with("x-forwarded");
        let fits = (1..=128).contains(&value.len());
        !is_ordinary && !is_forwarded && fits && *name != signature.name && unit(value).is_none()
    });
    names.map(|(name, _)| name.to_owned()).collect()
}
