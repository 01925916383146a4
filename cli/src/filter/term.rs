//! One word of a filter.

use std::fmt;

use webhooks::ledger::Status;

use super::error::FilterError;
use super::words::quote;
use crate::moment::{Moment, parse_moment};

/// The keys, beside paths of a payload.
pub(super) const KEYS: [&str; 9] = [
    "provider", "source", "type", "status", "since", "until", "cause", "id", "issue",
];

/// Stands before a path of a payload.
const DATA: &str = "data.";

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The provider's name.
    Provider(String),
    /// The name of a source.
    Source(String),
    /// The type, or with `*` at its end the beginning of one.
    Kind(String),
    /// The status.
    Status(Status),
    /// The earliest time of receipt.
    Since(Moment),
    /// The latest time of receipt.
    Until(Moment),
    /// A part of the cause, in capitals or not.
    Cause(String),
    /// The beginning of the id.
    Id(String),
    /// The key of an issue, as `webhooks issues` shows it.
    Issue(String),
    /// A value in the payload.
    Data {
        /// Members joined by dots; an element of an array goes by its place.
        path: String,
        /// A string's characters, or anything else as it is written.
        value: String,
    },
}

impl Term {
    /// Reads a word.
    ///
    /// # Errors
    /// [`FilterError`] that names it.
    pub fn read(word: &str) -> Result<Self, FilterError> {
        if let Some(data) = word.strip_prefix(DATA) {
            return read_data(word, data);
        }
        let no_key = || FilterError::NoKey {
            word: word.to_owned(),
        };
        let (key, value) = word.split_once(':').ok_or_else(no_key)?;
        if !KEYS.contains(&key) {
            let (word, key) = (word.to_owned(), key.to_owned());
            return Err(FilterError::UnknownKey { word, key });
        }
        read_value(key, value).map_err(|why| FilterError::Value {
            word: word.to_owned(),
            why,
        })
    }

    /// The word before the value; `data` for any path of a payload.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Provider(_) => "provider",
            Self::Source(_) => "source",
            Self::Kind(_) => "type",
            Self::Status(_) => "status",
            Self::Since(_) => "since",
            Self::Until(_) => "until",
            Self::Cause(_) => "cause",
            Self::Id(_) => "id",
            Self::Issue(_) => "issue",
            Self::Data { .. } => "data",
        }
    }

    /// True for a type that this one names.
    pub(super) fn takes_kind(&self, kind: &str) -> bool {
        match self {
            Self::Kind(wanted) => match wanted.strip_suffix('*') {
                Some(beginning) => kind.starts_with(beginning),
                None => kind == wanted,
            },
            _ => false,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(value)
            | Self::Source(value)
            | Self::Kind(value)
            | Self::Cause(value)
            | Self::Id(value)
            | Self::Issue(value) => write!(f, "{}:{}", self.key(), quote(value)),
            Self::Status(status) => write!(f, "status:{}", status.as_str()),
            Self::Since(moment) | Self::Until(moment) => write!(f, "{}:{moment}", self.key()),
            Self::Data { path, value } => write!(f, "{DATA}{path}={}", quote(value)),
        }
    }
}

fn read_value(key: &str, value: &str) -> Result<Term, String> {
    if value.is_empty() {
        return Err(format!("has no value; write {key}:value"));
    }
    let text = value.to_owned();
    match key {
        "provider" => name(value).map(Term::Provider),
        "source" => name(value).map(Term::Source),
        "type" => match value.trim_end_matches('*') {
            start if start.contains('*') || value.ends_with("**") => Err(
                "a * may stand at the end of a type alone; write stripe.charge.* for all that begin so"
                    .to_owned(),
            ),
            _ => visible(value).map(Term::Kind),
        },
        "status" => parse_status(value).map(Term::Status),
        "since" => parse_moment(value).map(Term::Since),
        "until" => parse_moment(value).map(Term::Until),
        "cause" => Ok(Term::Cause(text)),
        "id" => visible(value).map(Term::Id),
        _ => Ok(Term::Issue(text)),
    }
}

fn read_data(word: &str, data: &str) -> Result<Term, FilterError> {
    let wrong = |why: &str| FilterError::Value {
        word: word.to_owned(),
        why: why.to_owned(),
    };
    let (path, value) = data
        .split_once('=')
        .ok_or_else(|| wrong("has no value; write data.path=value, such as data.object.id=ch_1"))?;
    let odd = |character: char| character.is_whitespace() || matches!(character, '"' | '\\');
    if path.split('.').any(str::is_empty) || path.contains(odd) {
        return Err(wrong(
            "is no path; join members by dots, such as data.object.id=ch_1",
        ));
    }
    Ok(Term::Data {
        path: path.to_owned(),
        value: value.to_owned(),
    })
}

/// The status of that name.
///
/// # Errors
/// The names there are.
pub(crate) fn parse_status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| {
        let words: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
        format!("choose one of {}", words.join(", "))
    })
}

fn name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("a name has letters, digits, - _ and . alone; give each word of a filter as an argument of its own"
            .to_owned())
    }
}

fn visible(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("types and ids have visible ASCII characters alone; give each word of a filter as an argument of its own"
            .to_owned())
    }
}
