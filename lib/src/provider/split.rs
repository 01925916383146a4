//! Batches: a delivery with several events, taken apart into deliveries of one event each.
//!
//! A part is what the provider would have sent with that event alone: an element of an array that is
//! the whole body, or the body with every other element left out. Nothing else is changed.

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

/// The parts of a text, one for each event; the whole text where none of the arrays is in it.
pub(super) fn parts(text: &str, splits: &[Split]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut found = false;
    for split in splits {
        let Some(array) = array(text, split.at) else {
            continue;
        };
        found = true;
        let elements = json::read::<Vec<Box<RawValue>>>(array.as_bytes()).unwrap_or_default();
        for element in &elements {
            for part in self::parts(element.get(), split.then) {
                parts.push(narrowed(text, split.at, array, part));
            }
        }
    }
    if found { parts } else { vec![text.to_owned()] }
}

/// The text with one element in place of an array's.
fn narrowed(text: &str, at: &str, array: &str, element: String) -> String {
    if at.is_empty() {
        return element;
    }
    let start = array.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) = (&text[..start], &text[start + array.len()..]);
    [before, "[", &element, "]", after].concat()
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
