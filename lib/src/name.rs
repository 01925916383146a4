//! Alphabets of the names that events have: the same for what a request brings, for what comes off
//! the queue and for what the ledger gives back, since each becomes a part of keys, paths and log
//! lines.

use crate::limits;

/// True for the name of a provider or source: it can stand in a path and in a parameter's name.
pub(crate) fn is_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=limits::SEGMENT).contains(&text.len())
        && text.bytes().all(allowed)
        && !matches!(text, "." | "..")
}

/// True for the id of an event.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=limits::ID).contains(&text.len()) && text.bytes().all(is_usable)
}

/// True for the type of a provider's event, with the provider's name before it.
pub(crate) fn is_kind(text: &str, provider: &str) -> bool {
    let kind = text
        .strip_prefix(provider)
        .and_then(|kind| kind.strip_prefix('.'));
    kind.is_some_and(is_id)
}

/// The type with `_` for each character that it cannot have, and no longer than it may be.
pub(crate) fn usable_kind(text: &str) -> String {
    let usable = |character: char| match u8::try_from(character) {
        Ok(byte) if is_usable(byte) => character,
        Ok(_) | Err(_) => '_',
    };
    text.chars().map(usable).take(limits::ID).collect()
}

fn is_usable(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
