//! Deliveries to start from: the gateway events under `events/`, small ones made here, and the
//! little that tests do to them.

#![allow(dead_code, reason = "each test file uses a part of this one")]

pub(crate) mod vectors;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::gateway::{Origin, Request};
use webhooks::provider::{Explained, unsigned_handshake};
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

/// When the deliveries under `events/` were signed.
pub(crate) const SHIPPED_AT: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// When the tests sign.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A path from the root of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(name)
}

/// The gateway events of a provider, by file name, without the handshakes that nobody signs.
pub(crate) fn events(provider: &dyn Explained) -> Vec<(String, Value)> {
    let prefix = format!("{}-", provider.profile().name);
    let mut names: Vec<String> = fs::read_dir(path("events"))
        .expect("the directory events is there")
        .map(|entry| {
            let name = entry.expect("events can be listed").file_name();
            name.into_string().expect("file names are UTF-8")
        })
        .filter(|name| name.starts_with(&prefix) && name.ends_with(".json"))
        .collect();
    names.sort();
    let read = |name: String| (name.clone(), event(&name));
    let is_signed = |event: &Value| unsigned_handshake(provider, &delivery(event)).is_none();
    let all = names.into_iter().map(read);
    all.filter(|(_, event)| is_signed(event)).collect()
}

/// The event in a file under `events/`.
pub(crate) fn event(file: &str) -> Value {
    let text = fs::read_to_string(path("events").join(file)).expect("the event file is there");
    serde_json::from_str(&text).expect("event files are JSON")
}

/// An event as the function receives it.
pub(crate) fn request(event: &Value) -> Request {
    serde_json::from_value(event.clone()).expect("the event is readable")
}

/// An event as a delivery, with no public URL configured.
pub(crate) fn delivery(event: &Value) -> Delivery {
    request(event)
        .delivery(Origin::Domain)
        .expect("the body is text or base64")
}

/// The secret that signed the deliveries under `events/`.
pub(crate) fn development_secret(provider: &dyn Explained) -> Secret {
    provider.secret_of(&development::text(provider.profile().name))
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text).expect("the secret is not blank")
}

/// A small unsigned delivery.
pub(crate) fn post(media_type: &str, body: impl Into<Vec<u8>>) -> Delivery {
    Delivery {
        method: Method::Post,
        urls: vec!["https://hooks.example.com/webhooks/x".to_owned()],
        query: String::new(),
        headers: Headers::from_iter([("content-type", media_type)]),
        body: body.into(),
    }
}

/// A small unsigned delivery whose event is in the query string.
pub(crate) fn get(query: &str) -> Delivery {
    Delivery {
        method: Method::Get,
        urls: vec![format!("https://hooks.example.com/webhooks/x?{query}")],
        query: query.to_owned(),
        headers: Headers::default(),
        body: Vec::new(),
    }
}

/// The delivery with a header set.
pub(crate) fn with(delivery: &Delivery, header: &str, value: impl Into<String>) -> Delivery {
    let mut delivery = delivery.clone();
    delivery.headers.set(header, value);
    delivery
}

/// The delivery with only the headers that `keep` likes.
pub(crate) fn keeping(delivery: &Delivery, keep: impl Fn(&str) -> bool) -> Delivery {
    let headers = delivery.headers.iter().filter(|(name, _)| keep(name));
    Delivery {
        headers: headers.collect(),
        ..delivery.clone()
    }
}

/// The delivery without a header.
pub(crate) fn without(delivery: &Delivery, header: &str) -> Delivery {
    keeping(delivery, |name| !name.eq_ignore_ascii_case(header))
}

pub(crate) fn signed(
    provider: &dyn Explained,
    delivery: &Delivery,
    secret: &Secret,
    now: Timestamp,
) -> Delivery {
    let mut delivery = delivery.clone();
    let signed = provider.sign(&mut delivery, secret, now);
    signed.expect("the secret signs");
    delivery
}

/// The header that carries the signature: the one that depends on the secret. None where it stands in the
/// URL or in the body.
pub(crate) fn signature_header(provider: &dyn Explained, delivery: &Delivery) -> Option<String> {
    let secrets = [development_secret(provider), provider.secret_of("another")];
    let [one, other] = secrets.map(|secret| signed(provider, delivery, &secret, NOW).headers);
    let differing: Vec<&str> = one
        .iter()
        .filter(|(name, value)| other.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect();
    match differing.as_slice() {
        [] => None,
        [name] => Some((*name).to_owned()),
        names => panic!("one header carries the signature, not {names:?}"),
    }
}
