//! Digests as they stand in a header: its elements, and their encodings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use webhooks::signature::{Hash, from_base64, from_hex};

/// Problems that a header's value may have, and the value without each.
pub(super) fn spellings(value: &str) -> Vec<(&'static str, String)> {
    let trimmed: Vec<_> = value.split(',').map(str::trim).collect();
    let hexadecimal = by_digest(value, base64_to_hex);
    vec![
        ("has white space around it", value.trim().to_owned()),
        ("has white space around its elements", trimmed.join(",")),
        (
            "has quotes around it",
            value.trim().trim_matches(['"', '\'']).to_owned(),
        ),
        ("has its own name in its value", after_colon(value)),
        ("lacks the prefix sha256=", format!("sha256={value}")),
        ("is in capitals", value.to_ascii_lowercase()),
        ("is percent-encoded", percent_decoded(value)),
        (
            "is hexadecimal where it should be base64",
            by_digest(value, hex_to_base64),
        ),
        (
            "is base64 where it should be hexadecimal",
            hexadecimal.clone(),
        ),
        (
            "is base64 where sha256= and hexadecimal digits should be",
            format!("sha256={hexadecimal}"),
        ),
        (
            "has spaces where its base64 has plus signs",
            value.replace(' ', "+"),
        ),
        ("is base64 without its padding", by_digest(value, padded)),
        (
            "is URL-safe base64 where it should be the standard one",
            by_digest(value, |digest| {
                padded(&digest.replace('-', "+").replace('_', "/"))
            }),
        ),
    ]
}

fn after_colon(value: &str) -> String {
    let (_, after) = value.split_once(':').unwrap_or_default();
    after.trim().to_owned()
}

fn percent_decoded(value: &str) -> String {
    let pairs = [("%2B", "+"), ("%2F", "/"), ("%3D", "="), ("%2C", ",")];
    pairs.iter().fold(value.to_owned(), |text, (code, plain)| {
        text.replace(code, plain)
            .replace(&code.to_ascii_lowercase(), plain)
    })
}

/// The elements of a header between its commas: the name with its `=`, if any, and the rest. Base64
/// may end in `=`, so only what is as short as the names of schemes are is taken for a name.
pub(super) fn elements(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value.split(',').map(|element| match element.find('=') {
        Some(end @ 1..=6) => element.split_at(end + 1),
        _ => ("", element),
    })
}

/// The header with every digest written in another way, and what is no digest as it is.
fn by_digest(value: &str, rewrite: impl Fn(&str) -> Option<String>) -> String {
    let rewritten: Vec<_> = elements(value)
        .map(|(name, rest)| {
            let rest = rewrite(rest).unwrap_or_else(|| rest.to_owned());
            format!("{name}{rest}")
        })
        .collect();
    rewritten.join(",")
}

fn hex_to_base64(text: &str) -> Option<String> {
    let digest = from_hex(Hash::Sha256, text).or_else(|| from_hex(Hash::Sha1, text))?;
    Some(STANDARD.encode(digest))
}

fn base64_to_hex(text: &str) -> Option<String> {
    from_base64(Hash::Sha256, text).map(|digest| hexadecimal(&digest))
}

fn padded(text: &str) -> Option<String> {
    let bare = text.trim_end_matches('=');
    let padding = (4 - bare.len() % 4) % 4;
    (!bare.is_empty()).then(|| format!("{bare}{}", "=".repeat(padding)))
}

/// Lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The time that the header says it was signed at (`t=`), as its text.
pub(super) fn signed_time(value: &str) -> Option<&str> {
    let (_, time) = elements(value).find(|(name, _)| *name == "t=")?;
    Some(time)
}

/// A note on the look of a digest in a header that is nothing but a digest.
pub(super) fn note(value: &str) -> String {
    if elements(value).count() > 1 {
        return String::new();
    }
    let digest = elements(value).last().map_or("", |(_, digest)| digest);
    let hexadecimal = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digest.len() {
        0 => String::new(),
        40 | 64 if hexadecimal => "; it looks like hexadecimal".to_owned(),
        28 | 44 if digest.ends_with('=') => "; it looks like base64".to_owned(),
        length => format!("; it has {length} characters"),
    }
}
