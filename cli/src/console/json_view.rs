//! JSON as a page shows it: folded, in its own order, and no more of it than a page can bear.

use std::fmt;

use maud::{Markup, html};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::terminal::on_one_line;

/// Levels that are folded; what lies deeper is text.
const DEPTH: usize = 12;

/// Values on a page.
const VALUES: usize = 1_000;

/// Characters of one value.
const TEXT: usize = 2_000;

/// The members of an object or the elements of an array, unread. A member's name may come twice.
#[derive(Debug)]
enum Node {
    Object(Vec<(String, Box<RawValue>)>),
    Array(Vec<Box<RawValue>>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }
}

/// Shows JSON text.
pub(super) fn folded(json: &str) -> Markup {
    let mut left = VALUES;
    html! { div.json { (value(None, json, 0, &mut left)) } }
}

fn value(name: Option<&str>, json: &str, depth: usize, left: &mut usize) -> Markup {
    *left = left.saturating_sub(1);
    let node = if depth < DEPTH && json.starts_with(['{', '[']) {
        serde_json::from_str(json).ok()
    } else {
        None
    };
    let name = name.map(|name| html! { span.name { (cut(name)) ": " } });
    match node {
        None => html! { div { (name.unwrap_or_default()) (cut(json)) } },
        Some(Node::Object(members)) => {
            let size = format!("{{ {} members }}", members.len());
            let values = members
                .iter()
                .map(|(name, json)| (Some(name.as_str()), json.get()));
            fold(name, &size, values, depth, left)
        }
        Some(Node::Array(elements)) => {
            let size = format!("[ {} elements ]", elements.len());
            let values = elements.iter().map(|json| (None, json.get()));
            fold(name, &size, values, depth, left)
        }
    }
}

fn fold<'a>(
    name: Option<Markup>,
    size: &str,
    values: impl ExactSizeIterator<Item = (Option<&'a str>, &'a str)>,
    depth: usize,
    left: &mut usize,
) -> Markup {
    let count = values.len();
    let mut shown = Vec::new();
    for (name, json) in values {
        if *left == 0 {
            break;
        }
        shown.push(value(name, json, depth + 1, left));
    }
    let rest = count - shown.len();
    html! {
        details open[depth < 2] {
            summary { (name.unwrap_or_default()) (size) }
            @for value in shown { (value) }
            @if rest > 0 { div.note { "... " (rest) " more in the raw payload" } }
        }
    }
}

/// A part that a page can bear, with what would be obeyed written out.
fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(TEXT).collect();
    let rest = text.len() - cut.len();
    cut = on_one_line(&cut).into_owned();
    if rest > 0 {
        cut.push_str(&format!(" ... {rest} bytes more in the raw payload"));
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_markup_is_text() {
        let html = folded(r#"{"z":"<script>alert(1)</script>","a":[1,{"b":null}]}"#).into_string();
        assert!(html.find("z").expect("z") < html.find("[ 2 elements ]").expect("a"));
        assert!(
            !html.contains("<script") && html.contains("&lt;script&gt;"),
            "{html}"
        );
    }

    #[test]
    fn what_is_deep_long_or_much_is_cut() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let long = format!("\"{}\"", "x".repeat(5_000_000));
        let much = format!("[{}1]", "1,".repeat(1_000_000));
        for json in [deep, long, much] {
            let html = folded(&json).into_string();
            assert!(
                html.len() < 100_000 && html.contains("more in the raw payload"),
                "{}",
                html.len()
            );
        }
    }
}
