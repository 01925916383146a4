//! JSON from outside, read for the fields that somebody needs and for no others.
//!
//! serde_json passes over what a type does not name without making a value of it: numbers of any
//! size, any depth, names that come twice and cut surrogates are no concern there. So nothing of
//! ours reads into a `Value`, nor into an enum with a tag, which keeps all fields until it has seen
//! the tag. A field that a type names may come once.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
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

/// The members of an object that have these names, unread, in the order of the names. A name may come
/// once; what is not named is passed over.
pub(crate) fn members(bytes: &[u8], names: &[&str]) -> Option<Vec<Option<Box<RawValue>>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    named(text, names).or_else(|| match paired(text) {
        Cow::Owned(paired) => named(&paired, names),
        Cow::Borrowed(_) => None,
    })
}

fn named<'de, V: Deserialize<'de>>(text: &'de str, names: &[&str]) -> Option<Vec<Option<V>>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Named(names, PhantomData);
    let found = seed.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(found)
}

/// The value at the end of a path, unread. Members are joined by dots; an element of an array goes by its
/// place, from 0.
pub(crate) fn member(bytes: &[u8], path: &str) -> Option<Box<RawValue>> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let found = match name.parse::<usize>() {
        Ok(place) if bytes.trim_ascii_start().first() == Some(&b'[') => {
            let elements: Vec<Box<RawValue>> = read(bytes)?;
            elements.into_iter().nth(place)?
        }
        _ => members(bytes, &[name])?.pop().flatten()?,
    };
    match rest {
        Some(rest) => member(found.get().as_bytes(), rest),
        None => Some(found),
    }
}

/// The part of a text that is the member at the end of a path.
pub(crate) fn within<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let step = |text: &'a str, name| {
        let found = named::<&RawValue>(text, &[name])?.pop().flatten()?;
        Some(found.get())
    };
    path.split('.').try_fold(text, step)
}

/// A text, or a number as it is written.
pub(crate) fn scalar(value: &RawValue) -> Option<String> {
    match value.get().as_bytes() {
        [b'"', ..] => read(value.get().as_bytes()),
        [b'-' | b'0'..=b'9', ..] => Some(value.get().to_owned()),
        _ => None,
    }
}

/// Reads members by name.
struct Named<'a, V>(&'a [&'a str], PhantomData<V>);

impl<'de, V: Deserialize<'de>> DeserializeSeed<'de> for Named<'_, V> {
    type Value = Vec<Option<V>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for Named<'_, V> {
    type Value = Vec<Option<V>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Vec<Option<V>> = self.0.iter().map(|_| None).collect();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match self.0.iter().position(|wanted| *wanted == name) {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(at) if found[at].is_some() => {
                    return Err(A::Error::custom("a member comes twice"));
                }
                Some(at) => found[at] = Some(map.next_value()?),
            }
        }
        Ok(found)
    }
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
    fn finds_members_by_name_and_passes_over_the_rest() {
        let text =
            r#"{"a": {"b": {"c": 1e999}}, "x": "\ud83d", "x": 1, "cut \ud83d": [], "d": null}"#;
        let found = |path| member(text.as_bytes(), path).map(|raw| raw.get().to_owned());
        assert_eq!(found("a.b.c").as_deref(), Some("1e999"));
        assert_eq!(found("d").as_deref(), Some("null"));
        assert_eq!(found("a.b").as_deref(), Some(r#"{"c": 1e999}"#));
        for path in ["", "b", "a.c", "a.b.c.d", "d.e", "x"] {
            assert_eq!(found(path), None, "{path}");
        }
        for broken in ["", "[]", "{", r#"{"a": 1} {}"#, r#"{"a": NaN}"#, "null"] {
            assert!(members(broken.as_bytes(), &["a"]).is_none(), "{broken}");
        }
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
