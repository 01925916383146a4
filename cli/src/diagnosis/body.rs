//! The body: written again, encoded or decoded once too often on its way here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Examined, Finding, form, json};

pub(super) const RAW: &str = "Take the raw bytes: verify the body as it arrived, before anything \
    parses it and writes it again (express.raw, request.get_data(), the event's own body).";
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A gateway's event, stored whole where its body should have been.
#[derive(Deserialize)]
struct GatewayEvent {
    body: String,
    #[serde(rename = "isBase64Encoded", default)]
    is_base64: bool,
}

/// The signature holds for another form of the body.
pub(super) fn rewritten(examined: &Examined<'_>) -> Option<Finding> {
    lines(examined)
        .or_else(|| transport(examined))
        .or_else(|| spelled(examined))
        .or_else(|| form::recoded(examined))
}

/// Hints at what is odd about the body.
pub(super) fn hints(examined: &Examined<'_>) -> impl Iterator<Item = String> {
    let delivery = examined.delivery();
    let length = delivery.body.len();
    let announced = delivery
        .headers
        .get("content-length")
        .and_then(|text| text.trim().parse().ok());
    let announced = announced
        .filter(|announced: &usize| *announced != length)
        .map(|announced| {
            format!("Content-Length says {announced} bytes, and the body has {length}.")
        });
    let text = String::from_utf8_lossy(&delivery.body);
    let lossy = text.contains('\u{fffd}').then(|| {
        "The body has U+FFFD in it, which stands for bytes that were lost: capture body_base64."
            .to_owned()
    });
    let cut_off = delivery.media_type() == "application/json"
        && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err();
    let cut_off = cut_off.then(|| "The body is not whole JSON.".to_owned());
    [announced, lossy, cut_off].into_iter().flatten()
}

/// A body that is indented when the provider sends it was written again where it has no line break. The
/// form in which it was sent cannot be told for sure: some objects stand on one line.
pub(super) fn looks_rewritten(examined: &Examined<'_>) -> bool {
    let body = &examined.delivery().body;
    examined
        .provider
        .advice()
        .indented
        .as_ref()
        .is_some_and(|indented| {
            let is_such =
                |text: &str| text.contains(indented.with) && !text.contains(indented.without);
            !body.contains(&b'\n') && std::str::from_utf8(body).is_ok_and(is_such)
        })
}

fn first(
    examined: &Examined<'_>,
    bodies: Vec<(&str, Option<Vec<u8>>)>,
    step: &str,
) -> Option<Finding> {
    let (what, _) = bodies.into_iter().find(|(_, body)| {
        let changed = body
            .as_ref()
            .filter(|body| **body != examined.delivery().body);
        changed.is_some_and(|body| examined.holds_with_body(body))
    })?;
    Some(Finding::new(
        format!("the signature is right for the same body {what}"),
        step,
    ))
}

/// Line ends, byte order mark, and a body where none was sent.
fn lines(examined: &Examined<'_>) -> Option<Finding> {
    let body = examined.delivery().body.as_slice();
    let text = String::from_utf8_lossy(body);
    let placeholder = ["{}", "[]", "null", "\"\""].contains(&text.trim());
    let unix = text.replace("\r\n", "\n");
    let bodies = vec![
        (
            "without the newline at its end",
            body.strip_suffix(b"\n").map(<[u8]>::to_vec),
        ),
        (
            "without the newline at its end",
            body.strip_suffix(b"\r\n").map(<[u8]>::to_vec),
        ),
        ("with a newline at its end", Some([body, b"\n"].concat())),
        ("with a CRLF at its end", Some([body, b"\r\n"].concat())),
        (
            "without white space around it",
            Some(body.trim_ascii().to_vec()),
        ),
        ("with LF for each CRLF", Some(unix.clone().into_bytes())),
        (
            "with CRLF for each LF",
            Some(unix.replace('\n', "\r\n").into_bytes()),
        ),
        (
            "without its byte order mark",
            body.strip_prefix(BOM).map(<[u8]>::to_vec),
        ),
        ("with a byte order mark", Some([BOM, body].concat())),
        (
            "when it is empty, as the request's was",
            placeholder.then(Vec::new),
        ),
    ];
    first(examined, bodies, RAW)
}

/// Base64, quotes, a whole event, and a wrong character set.
fn transport(examined: &Examined<'_>) -> Option<Finding> {
    let body = examined.delivery().body.as_slice();
    let event: Option<GatewayEvent> = serde_json::from_slice(body).ok();
    let event = event.and_then(|event| {
        if event.is_base64 {
            STANDARD.decode(event.body).ok()
        } else {
            Some(event.body.into_bytes())
        }
    });
    let quoted: Option<String> = serde_json::from_slice(body).ok();
    let bodies = vec![
        (
            "when it is base64-decoded",
            STANDARD.decode(body.trim_ascii()).ok(),
        ),
        (
            "when it is base64-encoded",
            Some(STANDARD.encode(body).into_bytes()),
        ),
        (
            "without the quotes and escapes of a JSON string around it",
            quoted.map(String::into_bytes),
        ),
        ("when it is taken out of the gateway's event", event),
        (
            "when its UTF-8 was not taken for Latin-1",
            from_latin1(body),
        ),
    ];
    let step = "Undo the gateway's encoding exactly once (isBase64Encoded, body_base64 in this \
        file), and handle the body as bytes, not as text.";
    first(examined, bodies, step)
}

/// Undoes what becomes of UTF-8 that is read as Latin-1.
fn from_latin1(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect()
}

fn spelled(examined: &Examined<'_>) -> Option<Finding> {
    let text = std::str::from_utf8(&examined.delivery().body).ok()?;
    let spelling = json::spellings(text).find(|spelling| {
        spelling.text != text && examined.holds_with_body(spelling.text.as_bytes())
    })?;
    let what = spelling.what;
    Some(Finding::new(
        format!(
            "the signature is right for the same JSON {what}: the body was re-serialised, parsed \
             and written again on its way"
        ),
        RAW,
    ))
}
