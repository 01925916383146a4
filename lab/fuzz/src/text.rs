//! Deliveries as text, so that a corpus can be read and written by hand:
//!
//! ```text
//! POST https://hooks.example.com/webhooks/github?a=b
//! X-GitHub-Event: push
//!
//! {"the": "body"}
//! ```
//!
//! More candidates for the URL follow the first after a space.

use webhooks::delivery::{Delivery, Headers, Method};

/// The delivery that the bytes describe; all bytes describe one.
pub(super) fn read(data: &[u8]) -> Delivery {
    let (head, body) = split(data, b"\n\n");
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = Method::parse(words.next().unwrap_or_default());
    let urls: Vec<String> = words.map(str::to_owned).collect();
    let query = urls.first().and_then(|url| url.split_once('?'));
    Delivery {
        method,
        query: query.map_or("", |(_, query)| query).to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .collect::<Headers>(),
        urls,
        body: body.to_vec(),
    }
}

fn split<'a>(data: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = data
        .windows(separator.len())
        .position(|window| window == separator);
    match at {
        Some(at) => (&data[..at], &data[at + separator.len()..]),
        None => (data, &[]),
    }
}
