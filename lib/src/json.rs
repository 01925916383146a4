//! JSON from outside, read for the fields that somebody needs and for no others.
//!
//! serde_json passes over what a type does not name without making a value of it: numbers of any
//! size, any depth, names that come twice and cut surrogates are no concern there. So nothing of
//! ours reads into a `Value`, nor into an enum with a tag, which keeps all fields until it has seen
//! the tag. A field that a type names may come once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reads JSON. An unpaired surrogate (`"cut \ud83d"`) is allowed by JSON's grammar and fits into
/// no string; where one has to be looked at, it becomes U+FFFD, as in a form what is not UTF-8.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str(text)
        .ok()
        .or_else(|| match paired(text) {
            Cow::Owned(paired) => serde_json::from_str(&paired).ok(),
            Cow::Borrowed(_) => None,
        })
}

/// The members of an object, in their order and unread.
#[derive(Debug)]
pub(crate) struct Members(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Length of `\uXXXX`.
const ESCAPE: usize = 6;

/// The text with U+FFFD for each unpaired surrogate.
fn paired(text: &str) -> Cow<'_, str> {
    let mut paired = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(next) = text[at..].find('\\') {
        at += next;
        at += match (unit(text, at), unit(text, at + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                paired.to_mut().replace_range(at..at + ESCAPE, "\\ufffd");
                ESCAPE
            }
            // A backslash and what it escapes, at the end of a broken text perhaps nothing.
            _ => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    paired
}

/// The UTF-16 unit that is escaped at that place, if one is.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_unpaired_surrogates_and_nothing_else() {
        for (text, expected) in [
            (r"\ud83d", r"\ufffd"),
            (r"\uDC4D\uD83D", r"\ufffd\ufffd"),
            (r"\ud83d\ud83d\udc4d", r"\ufffd\ud83d\udc4d"),
            (r"\ud83d\udc4d\udc4d", r"\ud83d\udc4d\ufffd"),
            (r"\ud83dé\n\udc4d", r"\ufffdé\n\ufffd"),
        ] {
            assert_eq!(paired(text), expected);
        }
        for text in [
            "",
            "\\",
            r"\\ud83d",
            r"\\\\ud83d",
            r"\ud83",
            r"\ud+3d",
            r"\ud83é",
            r"\u00e9\ud7ff\ue000",
            r"\é\ud83d\udc4d",
        ] {
            assert!(matches!(paired(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn reads_what_is_whole_as_it_is() {
        let text = r#"{"cut": "\ud83d"}"#;
        let raw: Box<RawValue> = read(text.as_bytes()).expect("JSON");
        assert_eq!(raw.get(), text);
    }

    #[test]
    fn finds_every_member() {
        let text = r#"{"a": 1, "cut \ud83d": [1e999], "a": "2"}"#;
        let Members(members) = read(text.as_bytes()).expect("an object");
        let members = members.iter().map(|(name, text)| (&**name, text.get()));
        assert_eq!(
            members.collect::<Vec<_>>(),
            [("a", "1"), ("cut \u{fffd}", "[1e999]"), ("a", "\"2\"")]
        );
        assert!(read::<Members>(b"[]").is_none());
    }
}
