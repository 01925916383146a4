//! The URL, for providers that sign it: what the sender was given is not what arrived here.

use webhooks::delivery::Method;

use super::part::Part;
use super::{Examined, Finding, percent, query};

/// The names that stages have.
const STAGES: &[&str] = &[
    "/prod",
    "/dev",
    "/stage",
    "/staging",
    "/test",
    "/$default",
    "/default",
    "/live",
    "/v1",
    "/Prod",
    "/Stage",
    "/Dev",
];
/// Where proxies put the host that the sender used.
const HOST_HEADERS: &[&str] = &["x-forwarded-host", "x-original-host", "host"];
/// A URL with more changes than this would be another URL.
const MOST_CHANGES: usize = 2;
const STEP: &str = "The provider signs the URL that it was given, to the letter. Set that one \
    (config.configured_url in this file, PUBLIC_URL for the function), or give the provider the \
    URL that arrives here.";

/// The signature holds for another URL, or another method.
pub(super) fn other(examined: &Examined<'_>) -> Option<Finding> {
    if !examined.provider.profile().covers.has_url() {
        return None;
    }
    replaced(examined)
        .or_else(|| changed(examined))
        .or_else(|| other_method(examined))
}

fn holds_at(examined: &Examined<'_>, url: &str) -> bool {
    examined.holds_with(|delivery| {
        delivery.query = url
            .split_once('?')
            .map_or("", |(_, query)| query)
            .to_owned();
        delivery.urls = vec![url.to_owned()];
    })
}

/// The configured URL is the wrong one, and the request's own is right.
fn replaced(examined: &Examined<'_>) -> Option<Finding> {
    let url = examined.captured.replaced_url.as_ref()?;
    holds_at(examined, url).then(|| {
        Finding::new(
            "the signature is right for the request's own url, and not for config.configured_url",
            STEP,
        )
    })
}

/// One part of the URL changed, or else two.
fn changed(examined: &Examined<'_>) -> Option<Finding> {
    let url = examined.delivery().urls.first()?;
    let mut candidates = candidates(examined, url)?;
    candidates.sort_by_key(|(changes, _)| changes.len());
    let (changes, _) = candidates
        .into_iter()
        .find(|(_, url)| holds_at(examined, url))?;
    let why = format!(
        "the signature is right for the URL {}",
        changes.join(" and ")
    );
    Some(Finding::new(why, STEP))
}

/// A URL with the names of what is changed about it.
type Candidate = (Vec<String>, String);

/// The URL with up to two of its parts changed.
fn candidates(examined: &Examined<'_>, url: &str) -> Option<Vec<Candidate>> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, query_text) = match rest.find('?') {
        Some(start) => rest.split_at(start),
        None => (rest, ""),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let dimensions = [
        schemes(scheme),
        authorities(examined, authority),
        paths(path),
        query::parts(examined, query_text),
    ];
    let none: Vec<Candidate> = vec![Default::default()];
    let candidates = dimensions.into_iter().fold(none, |candidates, parts| {
        candidates
            .iter()
            .flat_map(|candidate| extended(candidate, &parts))
            .collect()
    });
    Some(
        candidates
            .into_iter()
            .filter(|(changes, _)| !changes.is_empty())
            .collect(),
    )
}

/// Extends a URL so far by each form of its next part.
fn extended((changes, url): &Candidate, parts: &[Part]) -> Vec<Candidate> {
    let candidates = parts.iter().map(|part| {
        let change = Some(&part.change).filter(|change| !change.is_empty());
        let changes: Vec<_> = changes.iter().chain(change).cloned().collect();
        (changes, format!("{url}{}", part.text))
    });
    candidates
        .filter(|(changes, _)| changes.len() <= MOST_CHANGES)
        .collect()
}

fn schemes(scheme: &str) -> Vec<Part> {
    let mut parts = vec![Part::kept(&format!("{scheme}://"))];
    let lower = scheme.to_ascii_lowercase();
    if lower != scheme {
        let change = "with its scheme in lower case";
        parts.push(Part::changed(format!("{lower}://"), change));
    }
    let other = if lower == "https" { "http" } else { "https" };
    let change = format!("with {other} in place of {scheme}");
    parts.push(Part::changed(format!("{other}://"), change));
    parts
}

fn authorities(examined: &Examined<'_>, authority: &str) -> Vec<Part> {
    let mut parts = vec![Part::kept(authority)];
    let headers = &examined.delivery().headers;
    for name in HOST_HEADERS {
        let host = headers.get(name).and_then(|hosts| hosts.split(',').next());
        let host = host
            .map(str::trim)
            .filter(|host| is_host(host) && *host != authority);
        parts.extend(host.map(|host| {
            Part::changed(host, format!("with the host of the header {name}, {host}"))
        }));
    }
    let spellings = [
        (
            authority.to_ascii_lowercase(),
            "with its host in lower case",
        ),
        (authority.to_ascii_uppercase(), "with its host in capitals"),
        (
            with_capitals(authority),
            "with capitals at the beginnings of its host's names",
        ),
    ];
    let others = spellings.into_iter().filter(|(host, _)| host != authority);
    parts.extend(others.map(|(host, change)| Part::changed(host, change)));
    parts
}

/// The host as a person may have written it: `Hooks.Example.Com`.
fn with_capitals(host: &str) -> String {
    let mut is_first = true;
    let letter = |letter: char| {
        let written = if is_first {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        is_first = letter == '.' || letter == '@';
        written
    };
    host.chars().map(letter).collect()
}

/// Only what is nothing but a host may be printed.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    (1..=253).contains(&text.len()) && text.bytes().all(allowed)
}

/// Stages and base paths, which gateways add and take away, and the slash at the end.
fn paths(path: &str) -> Vec<Part> {
    let mut parts = vec![Part::kept(path)];
    for stage in STAGES {
        let change = format!("with the stage {stage} in the path");
        parts.push(Part::changed(format!("{stage}{path}"), change));
    }
    if let Some(second) = path.get(1..).and_then(|path| path.find('/')) {
        let (first, rest) = path.split_at(second + 1);
        let change = if STAGES.contains(&first) {
            format!("without the stage {first} in the path")
        } else {
            "without the first segment of its path".to_owned()
        };
        parts.push(Part::changed(rest, change));
    }
    parts.push(match path.strip_suffix('/') {
        Some(path) => Part::changed(path, "without the slash at the end of its path"),
        None => Part::changed(format!("{path}/"), "with a slash at the end of its path"),
    });
    if path.contains("//") {
        parts.push(Part::changed(
            path.replace("//", "/"),
            "with one slash for two in its path",
        ));
    }
    let encodings = [
        (
            Some(percent::in_capitals(path)),
            "with the digits of its path's percent-encoding in capitals",
        ),
        (
            Some(percent::in_lower_case(path)),
            "with the digits of its path's percent-encoding in lower case",
        ),
        (
            Some(percent::encoded_path(path)),
            "with its path percent-encoded: something has decoded it",
        ),
        (
            percent::decoded(path),
            "with its path decoded: something has percent-encoded it",
        ),
    ];
    for (other, change) in encodings {
        let other = other.filter(|other| other != path);
        parts.extend(other.map(|other| Part::changed(other, change)));
    }
    parts
}

/// The capture has another method, and with it the body's fields are signed or are not. A body
/// with something in it does not come with a GET: to leave it out would explain nothing.
fn other_method(examined: &Examined<'_>) -> Option<Finding> {
    let (name, method) = if examined.delivery().body.is_empty() {
        ("GET", Method::Get)
    } else {
        ("POST", Method::Post)
    };
    if !examined.holds_with(|delivery| delivery.method = method) {
        return None;
    }
    Some(Finding::new(
        format!("the signature is right for the method {name}"),
        "Give the method as it was in the request.",
    ))
}
