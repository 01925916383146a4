//! Forms: encoded anew by something on their way, unwrapped, or not recognised.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use webhooks::payload::{FORM, form_fields};

use super::{Examined, Finding, json};

/// The percent-encoding of a form: what stands for a blank, what stays as it is, and the case of
/// the digits.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    blank: &'static str,
    plain: &'static [u8],
    capitals: bool,
}

const AS_CAME: &str = "Take the raw bytes of the form: verify before anything parses it, and \
    never write a form again from its fields.";

/// The signature holds for another encoding of a form, or for a form or none where the capture has
/// the other.
pub(super) fn recoded(examined: &Examined<'_>) -> Option<Finding> {
    payload_field(examined)
        .or_else(|| encoded_anew(examined))
        .or_else(|| unwrapped(examined))
        .or_else(|| parsed(examined))
        .or_else(|| media_type(examined))
}

/// GitHub's form has its JSON in the field `payload`, and the signature is over the form.
fn payload_field(examined: &Examined<'_>) -> Option<Finding> {
    let fields = form_fields(&examined.delivery().body);
    let (_, payload) = fields.iter().find(|(name, _)| name == "payload")?;
    examined.holds_with_body(payload.as_bytes()).then(|| {
        Finding::new(
            "the signature was made over the decoded field payload, and not over the form as sent",
            "Let the sender sign the raw form body, as GitHub does; or set the webhook's content \
             type to application/json.",
        )
    })
}

fn encoded_anew(examined: &Examined<'_>) -> Option<Finding> {
    let body = std::str::from_utf8(&examined.delivery().body).ok()?;
    if examined.delivery().media_type() != FORM {
        return None;
    }
    let found = |why: &str| {
        let why = format!("the signature is right for the same form {why}");
        Some(Finding::new(why, AS_CAME))
    };
    if examined.holds_with_body(body.replace('+', "%2B").as_bytes()) {
        return found("with %2B for each +: it was decoded once and not encoded again");
    }
    if examined.holds_with_body(body.replace("%25", "%").as_bytes()) {
        return found("with % for each %25: it was percent-encoded twice");
    }
    let fields = form_fields(body.as_bytes());
    let mut forms = encodings().map(|encoding| encoding.form(&fields));
    if forms.any(|form| examined.holds_with_body(form.as_bytes())) {
        found("percent-encoded in another way: it was parsed and encoded anew")
    } else {
        None
    }
}

/// The capture has the JSON of the field `payload` where the request had the form.
fn unwrapped(examined: &Examined<'_>) -> Option<Finding> {
    if !examined.delivery().body.starts_with(b"{") {
        return None;
    }
    let json = String::from_utf8(examined.delivery().body.clone()).ok()?;
    let fields = [("payload".to_owned(), json)];
    let mut forms = encodings().map(|encoding| encoding.form(&fields));
    forms.any(|form| examined.holds_with_body(form.as_bytes())).then(|| {
        Finding::new(
            "the signature is right for this JSON inside the form field payload: it was unwrapped",
            AS_CAME,
        )
    })
}

/// The capture has a JSON object where the request had a form.
fn parsed(examined: &Examined<'_>) -> Option<Finding> {
    let body = &examined.delivery().body;
    let object: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let encoding = encodings().next()?;
    let holds = |nulls: Nulls, spelled: fn(&str) -> String| {
        let fields = object.iter();
        let fields = fields.flat_map(|(name, value)| texts(name, value.get(), nulls, spelled));
        let form = encoding.form(&fields.collect::<Vec<_>>());
        examined.holds_with(|delivery| {
            delivery.body = form.into_bytes();
            delivery.headers.set("Content-Type", FORM);
        })
    };
    // A field that is JSON itself has its own order and blanks, which the capture may have laid out anew.
    let spellings: [fn(&str) -> String; 2] = [str::to_owned, json::without_blanks];
    let mut ways = [Nulls::Missing, Nulls::Empty]
        .into_iter()
        .flat_map(|nulls| spellings.map(|spelled| (nulls, spelled)));
    let holds = ways.any(|(nulls, spelled)| holds(nulls, spelled));
    holds.then(|| {
        Finding::new(
            "the signature is right for this object as a form: the body was parsed into JSON",
            AS_CAME,
        )
    })
}

/// The origin of a null that a parser made: a field that is not there, or an empty one.
#[derive(Clone, Copy)]
enum Nulls {
    Missing,
    Empty,
}

/// The fields of a form that a member of an object stands for.
fn texts(
    name: &str,
    value: &str,
    nulls: Nulls,
    spelled: fn(&str) -> String,
) -> Vec<(String, String)> {
    if let Ok(text) = serde_json::from_str::<String>(value) {
        return vec![(name.to_owned(), text)];
    }
    if let Ok(values) = serde_json::from_str::<Vec<&RawValue>>(value) {
        let values = values.into_iter();
        return values
            .flat_map(|value| texts(name, value.get(), nulls, spelled))
            .collect();
    }
    match (value, nulls) {
        ("null", Nulls::Missing) => Vec::new(),
        ("null", Nulls::Empty) => vec![(name.to_owned(), String::new())],
        _ => vec![(name.to_owned(), spelled(value))],
    }
}

fn media_type(examined: &Examined<'_>) -> Option<Finding> {
    let other = if examined.delivery().media_type() == FORM {
        "application/json"
    } else {
        FORM
    };
    examined
        .holds_with(|delivery| delivery.headers.set("Content-Type", other))
        .then(|| {
            Finding::new(
                format!("the signature is right once the header Content-Type is {other}"),
                "Give the Content-Type as it was sent: it tells whether the fields of the body are \
             what is signed.",
            )
        })
}

/// The encodings of browsers, of RFC 3986 and of JavaScript's `encodeURIComponent`.
pub(super) fn encodings() -> impl Iterator<Item = Encoding> {
    let plain: [&[u8]; 3] = [b"*-._", b"-._~", b"-_.!~*'()"];
    plain.into_iter().flat_map(|plain| {
        ["+", "%20"].into_iter().flat_map(move |blank| {
            [true, false].map(|capitals| Encoding {
                blank,
                plain,
                capitals,
            })
        })
    })
}

impl Encoding {
    pub(super) fn form(self, fields: &[(String, String)]) -> String {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", self.encode(name), self.encode(value)))
            .collect();
        pairs.join("&")
    }

    fn encode(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b' ' => out.push_str(self.blank),
                _ if byte.is_ascii_alphanumeric() || self.plain.contains(&byte) => {
                    out.push(char::from(byte));
                }
                _ if self.capitals => out.push_str(&format!("%{byte:02X}")),
                _ => out.push_str(&format!("%{byte:02x}")),
            }
        }
        out
    }
}
