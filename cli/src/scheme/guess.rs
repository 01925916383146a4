//! The search for a scheme: the usual ones are tried on a request, until one holds.

use serde_json::{Value, json};
use webhooks::delivery::Delivery;
use webhooks::provider::custom::described;
use webhooks::provider::row::Row;
use webhooks::rejection::Rejection;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use super::file_name;
use super::sighting::{Signature, others, signatures, times};
use crate::captured_request::CapturedRequest;
use crate::failure::Failure;
use crate::terminal::say;
use crate::verify::{read, read_request};

/// What is signed where no time is.
const UNTIMED: [&str; 8] = [
    "{body}",
    "{url}{body}",
    "{body}{url}",
    "{method}{url}{body}",
    "{method}\n{url}\n{body}",
    "{method}:{url}:{body}",
    "{url}.{body}",
    "{url}\n{body}",
];

/// What is signed where a time is.
const TIMED: [&str; 14] = [
    "{time}.{body}",
    "{time}{body}",
    "{body}{time}",
    "{time}:{body}",
    "v0:{time}:{body}",
    "v1:{time}:{body}",
    "{time}|{body}",
    "{time}\n{body}",
    "{body}.{time}",
    "{body}|{time}",
    "{time}-{body}",
    "{time}{url}{body}",
    "{url}{body}{time}",
    "{method}{url}{body}{time}",
];

/// The same with a header beside it.
const NAMED: [&str; 3] = ["{other}.{rest}", "{other}{rest}", "{other}|{rest}"];

/// The tolerance that is written into what is found, in seconds.
const TOLERANCE: u32 = 300;

/// Runs the search.
pub(super) fn run(file: &str) -> Result<bool, Failure> {
    let usage = |problem: String| Failure::usage(format!("{file}: {problem}"));
    let json = read(file).map_err(|error| usage(error.to_string()))?;
    let captured = read_request(&json).map_err(usage)?;
    let now = captured.now.unwrap_or_else(Timestamp::now);
    let Guess { tried, scheme } = guess(&captured.delivery, &captured.secrets, now);
    let Some(mut scheme) = scheme else {
        say(format!(
            "none of {tried} usual schemes gives a signature that is in this request"
        ));
        say(
            "Likeliest: the secret is another endpoint's, or the body is not as it was sent, byte for \
             byte. Where the URL is signed, it has to be the one that the provider was given.",
        );
        return Ok(false);
    };
    name_events(&mut scheme, &captured);
    let settings = json!({"scheme": scheme});
    say(format!(
        "found after {tried} schemes; the source's settings:\n"
    ));
    say(format!("{settings:#}\n"));
    say(format!(
        "Save them as acme.json, look at id and type, and try them:\n  webhooks scheme check acme.json --request {}",
        file_name(file)
    ));
    Ok(true)
}

/// The end of a search.
#[derive(Clone, Debug)]
pub struct Guess {
    /// Schemes that were tried.
    pub tried: usize,
    /// The member `scheme` of the settings, without names for events; none where no scheme holds.
    pub scheme: Option<Value>,
}

/// Finds the first scheme by which one of the secrets has signed the request.
pub fn guess(delivery: &Delivery, secrets: &[Secret], now: Timestamp) -> Guess {
    let texts: Vec<_> = secrets
        .iter()
        .filter_map(|secret| std::str::from_utf8(secret.bytes()).ok())
        .collect();
    let mut candidates = signatures(delivery, &texts);
    // What is called a signature first.
    candidates.sort_by_key(|candidate| !candidate.name.to_ascii_lowercase().contains("sig"));
    let mut tried = 0;
    let all = candidates
        .iter()
        .flat_map(|signature| schemes(delivery, signature, &texts));
    let mut holding = all.filter(|scheme| {
        tried += 1;
        described(scheme).is_ok_and(|row| holds(row.0, delivery, secrets, now))
    });
    let scheme = holding.next();
    Guess { tried, scheme }
}

/// The signature alone counts, and not when the request was captured.
fn holds(row: &'static Row, delivery: &Delivery, secrets: &[Secret], now: Timestamp) -> bool {
    match verify(row, delivery, secrets, now) {
        Ok(_) => true,
        Err(Rejection::TimestampOutOfTolerance { skew_seconds }) => {
            let signed_at = Timestamp::from_seconds(now.seconds().saturating_sub(skew_seconds));
            verify(row, delivery, secrets, signed_at).is_ok()
        }
        Err(_) => false,
    }
}

/// The schemes that a signature at that place can be of.
fn schemes(delivery: &Delivery, signature: &Signature, secrets: &[&str]) -> Vec<Value> {
    let Some(length) = signature.length else {
        return vec![json!({
            "signature": signature.place, "algorithm": "token",
            "body_is_not_signed": "whoever-sees-one-delivery-can-forge-others",
        })];
    };
    let keys = keys(secrets);
    let signed = signed(delivery, signature);
    let mut schemes = Vec::new();
    for (algorithm, is_public) in algorithms(length) {
        for (key, prefix) in &keys {
            if is_public && *key == "text" || !is_public && *key == "pem" {
                continue;
            }
            for (template, time) in &signed {
                let mut scheme = json!({
                    "signature": signature.place, "algorithm": algorithm, "key": key, "signed": template,
                });
                if !prefix.is_empty() {
                    scheme["key_prefix"] = json!(prefix);
                }
                if let Some(time) = time {
                    scheme["time"] = time.clone();
                }
                schemes.push(scheme);
            }
        }
    }
    schemes
}

/// The algorithms whose signatures have that many bytes, and whether their keys are public.
fn algorithms(length: usize) -> Vec<(&'static str, bool)> {
    match length {
        20 => vec![("hmac-sha1", false)],
        32 => vec![("hmac-sha256", false)],
        64 => vec![("hmac-sha512", false), ("ed25519", true)],
        68..=72 => vec![("ecdsa-p256", true)],
        _ => vec![("rsa-sha256", true)],
    }
}

/// The forms that the secrets may be keys in.
fn keys(secrets: &[&str]) -> Vec<(&'static str, String)> {
    let mut keys = vec![("text", String::new()), ("hex", String::new())];
    keys.push(("base64", String::new()));
    keys.push(("pem", String::new()));
    let prefixes = secrets
        .iter()
        .filter_map(|secret| secret.rfind('_').map(|at| &secret[..=at]));
    for prefix in prefixes {
        keys.push(("base64", prefix.to_owned()));
    }
    keys.dedup();
    keys
}

/// What may be signed, and the time that is part of it.
fn signed(delivery: &Delivery, signature: &Signature) -> Vec<(String, Option<Value>)> {
    let mut signed: Vec<_> = UNTIMED
        .iter()
        .map(|text| ((*text).to_owned(), None))
        .collect();
    for mut time in times(delivery, signature) {
        time["tolerance"] = json!(TOLERANCE);
        let timed = TIMED
            .iter()
            .map(|text| ((*text).to_owned(), Some(time.clone())));
        signed.extend(timed);
    }
    let plain = signed.clone();
    for other in others(delivery, signature) {
        for form in NAMED {
            let form = form.replace("{other}", &format!("{{header:{other}}}"));
            let named = plain
                .iter()
                .map(|(rest, time)| (form.replace("{rest}", rest), time.clone()));
            signed.extend(named);
        }
    }
    signed
}

/// Says where the id and the type may stand, for a person to look at.
fn name_events(scheme: &mut Value, captured: &CapturedRequest) {
    let header = |words: &[&str]| {
        let named = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.starts_with("x-") || name.starts_with("webhook")
        };
        let fits = |name: &str| {
            words
                .iter()
                .any(|word| name.to_ascii_lowercase().ends_with(word))
        };
        let mut headers = captured.delivery.headers.iter();
        let found = headers.find(|(name, _)| named(name) && fits(name));
        found.map(|(name, _)| format!("{{header:{name}}}"))
    };
    let body: Value = serde_json::from_slice(&captured.delivery.body).unwrap_or_default();
    let field = |names: &[&str]| {
        let found = names
            .iter()
            .find(|name| body[**name].is_string() || body[**name].is_number());
        found.map(|name| format!("{{field:{name}}}"))
    };
    // The body is signed, a header perhaps not.
    let id = field(&["id", "event_id", "eventId", "uuid", "delivery_id"])
        .or_else(|| header(&["-id", "-delivery", "-guid"]));
    scheme["id"] = json!(id.unwrap_or_else(|| "{digest}".to_owned()));
    let kind = field(&[
        "type",
        "event_type",
        "eventType",
        "event",
        "topic",
        "action",
    ])
    .or_else(|| header(&["-event", "-topic", "-type"]));
    if let Some(kind) = kind {
        scheme["type"] = json!(kind);
    }
}
