//! The secret: stored with something around it, or decoded where it should not be.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use webhooks::provider::advice::Lookalike;
use webhooks::scheme::verification::holds_with_key;
use webhooks::secret::Secret;

use super::{Examined, Finding};

const BOM: char = '\u{feff}';
const PREFIX: &str = "whsec_";
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

const STORE_BARE: &str = "Store the secret alone, without anything around it: no newline (printf, \
    not echo), no blank, no quotes.";
const STORE_EACH: &str = "Several lines are several secrets: give each as one.";
const STORE_WHOLE: &str = "Store the secret as the provider shows it, whole and not encoded in any \
    way.";
const SIGN_WHOLE: &str = "The key is the whole text of the secret, as it is shown: it is never \
    decoded, and whsec_ is part of it. Let the sender (a test script?) sign with that.";
const SENDER_BARE: &str = "Enter the secret at the sender anew, without a newline or blank at its \
    end.";
const SENDER_ENCODED: &str = "The sender was given the secret in base64, or encodes it; enter the \
    same text on both sides.";

/// The signature holds with another reading of a configured secret.
pub(super) fn mishandled(examined: &Examined<'_>) -> Option<Finding> {
    examined
        .captured
        .secrets
        .iter()
        .zip(1..)
        .find_map(|(secret, number)| {
            let text = String::from_utf8_lossy(secret.bytes());
            let mut readings = [stored(&text), sent(&text), encoded(&text)]
                .into_iter()
                .flatten();
            let Reading { what, step, .. } = readings
                .find(|reading| reading.key != secret.bytes() && signs(examined, &reading.key))?;
            let why = format!("the signature is right for secret {number} {what}");
            Some(Finding::new(why, step))
        })
}

/// Another reading of a configured secret.
struct Reading {
    /// The difference of the sender's key from the secret as it is configured.
    what: &'static str,
    step: &'static str,
    key: Vec<u8>,
}

impl Reading {
    fn new(what: &'static str, step: &'static str, key: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        Self { what, step, key }
    }
}

/// It was stored with something around it.
fn stored(text: &str) -> Vec<Reading> {
    let bare = text.trim();
    let quotes = ['"', '\'', '`'];
    let (_, value) = bare.split_once('=').unwrap_or_default();
    let line_end = text.trim_end_matches(['\r', '\n']);
    let lines = text.lines().filter(|_| bare.contains('\n'));
    let mut readings = vec![
        Reading::new("without the newline at its end", STORE_BARE, line_end),
        Reading::new("without the white space around it", STORE_BARE, bare),
        Reading::new(
            "without the byte order mark before it",
            STORE_BARE,
            bare.trim_start_matches(BOM).trim(),
        ),
        Reading::new(
            "without the backslash and n at its end",
            STORE_BARE,
            bare.trim_end_matches("\\n").trim_end_matches("\\r"),
        ),
    ];
    readings.extend(lines.map(|line| {
        Reading::new(
            "when only one of its lines is taken",
            STORE_EACH,
            line.trim(),
        )
    }));
    let members: BTreeMap<String, Value> = serde_json::from_str(bare).unwrap_or_default();
    let values = members.into_values();
    readings.extend(values.filter_map(|value| {
        let what = "when it is taken out of the JSON object around it";
        Some(Reading::new(what, STORE_BARE, value.as_str()?))
    }));
    readings.extend([
        Reading::new(
            "without the quotes around it",
            STORE_BARE,
            bare.trim_matches(quotes),
        ),
        Reading::new(
            "without the name and = before it",
            STORE_BARE,
            value.trim().trim_matches(quotes),
        ),
    ]);
    readings
}

/// The sender has it with something around it.
fn sent(text: &str) -> Vec<Reading> {
    let bare = text.trim();
    let ends = ["\n", "\r\n", " "].map(|end| format!("{bare}{end}"));
    let mut readings: Vec<_> = ends
        .into_iter()
        .map(|key| Reading::new("with white space after it", SENDER_BARE, key))
        .collect();
    readings.push(match bare.strip_prefix(PREFIX) {
        Some(tail) => Reading::new("without its whsec_", SIGN_WHOLE, tail),
        None => Reading::new(
            "with whsec_ before it",
            STORE_WHOLE,
            format!("{PREFIX}{bare}"),
        ),
    });
    readings
}

/// It is encoded or decoded once too often, on either side.
fn encoded(text: &str) -> Vec<Reading> {
    let bare = text.trim();
    let mut readings = Vec::new();
    for key in decoded(bare) {
        let trimmed = key.trim_ascii().to_vec();
        readings.push(Reading::new("when it is base64-decoded", STORE_WHOLE, key));
        readings.push(Reading::new(
            "when it is base64-decoded",
            STORE_WHOLE,
            trimmed,
        ));
    }
    for key in bare.strip_prefix(PREFIX).map(decoded).unwrap_or_default() {
        let what = "when it is base64-decoded after its whsec_";
        readings.push(Reading::new(what, SIGN_WHOLE, key));
    }
    let key = STANDARD.encode(text);
    readings.push(Reading::new(
        "when it is base64-encoded",
        SENDER_ENCODED,
        key,
    ));
    readings
}

/// Decodes a text from base64, standard or URL-safe, with padding or without.
fn decoded(text: &str) -> Vec<Vec<u8>> {
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .filter_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
        .collect()
}

fn signs(examined: &Examined<'_>, key: &[u8]) -> bool {
    if key.is_empty() {
        return false;
    }
    match std::str::from_utf8(key).map(Secret::new) {
        Ok(Ok(secret)) => examined.holds(examined.delivery(), &[secret]),
        Ok(Err(_)) => false,
        Err(_) => signs_binary(examined, key),
    }
}

/// A key that is not text is no secret of the library's; schemes that are data can be asked all the same.
fn signs_binary(examined: &Examined<'_>, key: &[u8]) -> bool {
    let schemes = examined.provider.schemes().iter();
    let mut schemes = schemes.map(|scheme| holds_with_key(scheme, examined.delivery(), key));
    schemes.any(|holds| holds)
}

/// Secrets that look like something else. Says what they look like, and nothing of what they are.
pub(super) fn hints(examined: &Examined<'_>) -> impl Iterator<Item = String> {
    let advice = examined.provider.advice();
    let numbered = examined.captured.secrets.iter().zip(1..);
    numbered.filter_map(move |(secret, number)| {
        let text = secret.bytes();
        let is = |other: &&Lookalike| {
            let fits = other.length.is_none_or(|length| length == text.len());
            fits && text.starts_with(other.prefix.as_bytes())
        };
        if let Some(other) = advice.lookalikes.iter().find(is) {
            return Some(format!("Secret {number} {}.", other.what));
        }
        let prefix = advice.prefix?;
        let lacks = !text.starts_with(prefix.as_bytes());
        lacks.then(|| {
            format!("Secret {number} does not begin with {prefix}, as this provider's do.")
        })
    })
}
