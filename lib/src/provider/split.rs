//! Batches: a delivery with several events, taken apart into deliveries of one event each.
//!
//! A part is what the provider would have sent with that event alone: an element of an array that is
//! the whole body, or the body with every other event left out. Nothing else is changed.

use serde_json::value::RawValue;

use crate::json;

/// An array of events in a body, or in an element of one.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    /// The path to the array, members joined by dots; empty where the body is the array.
    pub at: &'static str,
    /// The arrays in an element, each element of which is an event; none where the element is one.
    pub then: &'static [Split],
}

/// The parts of a text, one for each event; the whole text where none of the arrays is in it. None where
/// what looks like an array is none.
pub(super) fn parts(text: &str, splits: &[Split]) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut found = false;
    for split in splits {
        let Some(array) = array(text, split.at) else {
            continue;
        };
        found = true;
        for element in json::read::<Vec<Box<RawValue>>>(array.as_bytes())? {
            let mut inner = self::parts(element.get(), split.then)?;
            if inner.is_empty() {
                // It has arrays for events and none in them, and says something all the same.
                inner.push(element.get().to_owned());
            }
            for part in inner {
                parts.push(alone(text, splits, split, array, &part));
            }
        }
    }
    Some(if found { parts } else { vec![text.to_owned()] })
}

/// The text with one element in an array, and nothing in the others.
fn alone(text: &str, splits: &[Split], split: &Split, array: &str, element: &str) -> String {
    if split.at.is_empty() {
        return element.to_owned();
    }
    let text = replaced(text, array, &["[", element, "]"].concat());
    let others = splits.iter().filter(|other| other.at != split.at);
    others.fold(text, |text, other| match self::array(&text, other.at) {
        Some(array) => replaced(&text, array, "[]"),
        None => text.clone(),
    })
}

/// The text with another in place of a part of it.
fn replaced(text: &str, part: &str, other: &str) -> String {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    [&text[..start], other, &text[start + part.len()..]].concat()
}

/// The array at that place, as it is written.
fn array<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let found = if path.is_empty() {
        text.trim_matches([' ', '\n', '\r', '\t'])
    } else {
        json::within(text, path)?
    };
    found.starts_with('[').then_some(found)
}
