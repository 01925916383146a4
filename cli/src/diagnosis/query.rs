//! The query of a signed URL.

use webhooks::payload::form_fields;
use webhooks::signature::sha256;

use super::digest::hexadecimal;
use super::part::Part;
use super::{Examined, form, percent};

/// With more parameters than this not every order is tried.
const REORDERED: usize = 4;

/// Queries that were lost, encoded anew or put into another order.
pub(super) fn parts(examined: &Examined<'_>, query: &str) -> Vec<Part> {
    let mut parts = vec![Part::kept(query)];
    let mut add = |text: String, change: &str| {
        if text != query {
            parts.push(Part::changed(text, change));
        }
    };
    let replaced = examined
        .captured
        .replaced_url
        .as_deref()
        .unwrap_or_default();
    if let Some(start) = replaced.find('?') {
        let change =
            "with the query of the request's own url: it is missing from the configured one";
        add(replaced[start..].to_owned(), change);
    }
    add(String::new(), "without its query");
    add(
        query.replace('\'', "%27"),
        "with %27 for each ' in its query",
    );
    add(
        query.replace("%20", "+"),
        "with + for each %20 in its query",
    );
    add(
        query.replace('+', "%20"),
        "with %20 for each + in its query",
    );
    add(
        query.replace('+', "%2B"),
        "with %2B for each + in its query",
    );
    add(
        percent::in_capitals(query),
        "with the digits of its query's percent-encoding in capitals",
    );
    add(
        percent::in_lower_case(query),
        "with the digits of its query's percent-encoding in lower case",
    );
    let separator = if query.is_empty() { '?' } else { '&' };
    let hash = hexadecimal(&sha256(&examined.delivery().body));
    add(
        format!("{query}{separator}bodySHA256={hash}"),
        "with bodySHA256 in its query: it is missing",
    );
    add(
        query.replace("%27", "'"),
        "with ' for each %27 in its query",
    );
    let orders = orders(query);
    for reordered in &orders {
        add(
            format!("?{}", reordered.join("&")),
            "with its query in another order",
        );
    }
    for encoding in form::encodings() {
        let encoded = |parameters: &[&str]| {
            let fields = form_fields(parameters.join("&").as_bytes());
            format!("?{}", encoding.form(&fields))
        };
        if let Some(same) = query.strip_prefix('?') {
            add(encoded(&[same]), "with its query encoded in another way");
        }
        for reordered in &orders {
            add(
                encoded(reordered),
                "with its query in another order and encoded in another way",
            );
        }
    }
    parts
}

/// The query in every order of its parameters.
fn orders(query: &str) -> Vec<Vec<&str>> {
    let parameters: Vec<_> = query.trim_start_matches('?').split('&').collect();
    if !(2..=REORDERED).contains(&parameters.len()) {
        return Vec::new();
    }
    let mut orders: Vec<Vec<&str>> = vec![Vec::new()];
    for parameter in parameters {
        let inserted = orders.iter().flat_map(|order| {
            let places = 0..=order.len();
            places.map(move |at| [&order[..at], &[parameter], &order[at..]].concat())
        });
        orders = inserted.collect();
    }
    orders
}
