//! The fields of a description, read strictly: whatever is not understood is a problem, named by its path.

use serde_json::{Map, Value};

/// A problem with a description. It never has a value of it, since a secret may have been put there by
/// mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path of the field, members joined by dots.
    pub field: String,
    /// The problem with it, in words.
    pub problem: &'static str,
}

/// An object of a description, and where it stands.
pub(super) struct Fields<'a> {
    path: &'a str,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of a value that has to be an object with none but the known ones.
    pub(super) fn of(path: &'a str, value: &'a Value, known: &[&str]) -> Result<Self, Problem> {
        let Some(map) = value.as_object() else {
            return Err(problem(path, "must be an object"));
        };
        let unknown = map.keys().find(|name| !known.contains(&name.as_str()));
        match unknown {
            Some(name) => Err(problem(&format!("{path}.{name}"), "not a known setting")),
            None => Ok(Self { path, map }),
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(super) fn problem(&self, name: &str, text: &'static str) -> Problem {
        problem(&self.path(name), text)
    }

    /// A text that is not empty, if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.problem(name, "must be a text")),
        }
    }

    /// One of these words, or the first where none is given.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
        wrong: &'static str,
    ) -> Result<T, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(words[0].1);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.problem(name, wrong))
    }

    /// The one of these fields that is there, with its text.
    pub(super) fn one_of(
        &self,
        names: &[&'static str],
    ) -> Result<(&'static str, &'a str), Problem> {
        let mut found = None;
        for name in names {
            match (self.text(name)?, found) {
                (Some(text), None) => found = Some((*name, text)),
                (Some(_), Some(_)) => {
                    return Err(self.problem(name, "stands beside another place; give one"));
                }
                (None, _) => {}
            }
        }
        found.ok_or_else(|| problem(self.path, "names no place: give header, query or field"))
    }

    /// A header's name, as HTTP writes them.
    pub(super) fn header(&self, name: &str, text: &str) -> Result<(), Problem> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.bytes().all(plain) {
            Ok(())
        } else {
            Err(self.problem(name, "is no name of a header"))
        }
    }
}

pub(super) fn problem(field: &str, text: &'static str) -> Problem {
    Problem {
        field: field.to_owned(),
        problem: text,
    }
}
