//! Handshakes as data: requests by which a provider asks whose the endpoint is, before or beside its
//! events. They are answered and leave nothing behind.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::meaning::Reply;
use super::publication::Address;
use crate::delivery::{Delivery, Method};
use crate::json::{self, Members};
use crate::payload::{form_field, form_fields};
use crate::secret::Secret;
use crate::signature::{Hash, sign};

/// A request that asks whose the endpoint is, and what it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Handshake {
    /// The request's method.
    pub method: Method,
    /// The marks that tell it from an event; all have to be there.
    pub marks: &'static [Mark],
    /// The proof that it has to bring.
    pub guard: Guard,
    /// The answer.
    pub answer: Proof,
}

/// A mark of a handshake.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// The query has this parameter.
    Parameter(&'static str),
    /// The query has this parameter with this value.
    ParameterIs(&'static str, &'static str),
    /// The request has this header.
    Header(&'static str),
    /// The request has this header with this value.
    HeaderIs(&'static str, &'static str),
    /// The JSON body has this field.
    Has(&'static str),
    /// The JSON body has this field, a text or a number that is written so.
    FieldIs(&'static str, &'static str),
    /// The JSON body has no such field.
    Lacks(&'static str),
    /// The JSON body is an object with this one member.
    OnlyMember(&'static str),
    /// The body is a form with this one parameter.
    OnlyFormField(&'static str),
}

/// The proof that a handshake has to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A signature, like an event's.
    Signature,
    /// None: the answer tells nothing that the asker does not know.
    Nothing,
    /// A parameter of the query with the text that the source's setting `verify_token` has too.
    VerifyToken(&'static str),
    /// None, and the asker brings the secret by which it will sign: only while the operator has
    /// opened the source for it.
    Pairing(Value),
}

/// What a source's operator has set about handshakes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// The text that he has entered at the provider.
    pub verify_token: Option<&'a Secret>,
    /// Whether a provider may bring its secret now.
    pub pairing: bool,
}

/// A text that an answer takes from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A parameter of the query, decoded once.
    Parameter(&'static str),
    /// A header.
    Header(&'static str),
    /// A field of the JSON body, members joined by dots.
    Field(&'static str),
    /// The HMAC-SHA256 of a field under the source's secret, in hexadecimal.
    HexMacOfField(&'static str),
    /// `sha256=` and the HMAC-SHA256 of a parameter under the source's secret, in base64. Unsigned, this
    /// would sign whatever a stranger likes: only what no event can be is taken.
    Base64MacOfParameter(&'static str),
    /// This number.
    Number(u8),
}

/// What an answer proves by.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// 200 and nothing else.
    Empty,
    /// A text, as it is.
    Text(Value),
    /// A JSON object.
    Json(&'static [(&'static str, Value)]),
    /// A header of the request, sent back under the same name.
    Header(&'static str),
    /// 200 and nothing else, once the URL in this field of the body has been read, which has to be at one of
    /// the provider's own hosts.
    FetchBack(&'static str, fn(&str) -> Option<Address>),
}

/// Longest body of a handshake that comes without a signature, in bytes.
const LONGEST: usize = 4096;

/// Longest text that is sent back, in bytes.
const LONGEST_ECHO: usize = 512;

impl Handshake {
    /// True if the request is this handshake.
    pub fn is_asked(&self, delivery: &Delivery) -> bool {
        let reads_body =
            |mark: &Mark| matches!(mark, Mark::Has(_) | Mark::FieldIs(..) | Mark::Lacks(_));
        // Nobody has signed these: what is longer than such a request ever is stays unread.
        let is_unread = self.guard != Guard::Signature
            && delivery.body.len() > LONGEST
            && self.marks.iter().any(reads_body);
        self.method == delivery.method
            && !is_unread
            && self.marks.iter().all(|mark| mark.is_on(delivery))
    }

    /// True if the request brings what it has to.
    pub fn is_allowed(&self, delivery: &Delivery, terms: Terms<'_>) -> bool {
        match self.guard {
            Guard::Signature => false,
            Guard::Pairing(_) => terms.pairing,
            Guard::Nothing => true,
            Guard::VerifyToken(name) => {
                let brought = parameter(delivery, name).unwrap_or_default();
                let is_same = |token: &Secret| {
                    verify_slices_are_equal(token.bytes(), brought.as_bytes()).is_ok()
                };
                terms.verify_token.is_some_and(is_same)
            }
        }
    }

    /// True if anybody may have the answer: it comes without proof, and is made without a secret.
    pub fn is_free(&self) -> bool {
        let signs = |value: &Value| {
            matches!(
                value,
                Value::HexMacOfField(_) | Value::Base64MacOfParameter(_)
            )
        };
        let needs_key = match self.answer {
            Proof::Text(value) => signs(&value),
            Proof::Json(members) => members.iter().any(|(_, value)| signs(value)),
            Proof::Empty | Proof::Header(_) | Proof::FetchBack(..) => false,
        };
        self.guard == Guard::Nothing && !needs_key
    }

    /// The address that has to be read before the answer.
    pub(super) fn fetch_back(&self, delivery: &Delivery) -> Option<Address> {
        let Proof::FetchBack(field, address) = self.answer else {
            return None;
        };
        address(&scalar(delivery, field)?)
    }

    /// The answer under a secret's key; none where a text is missing, or is not such as may be sent back.
    pub fn reply(&self, delivery: &Delivery, key: &[u8]) -> Option<Reply> {
        let reply = |media_type, text| Reply {
            media_type,
            text,
            header: None,
        };
        Some(match self.answer {
            Proof::Empty | Proof::FetchBack(..) => reply("text/plain", String::new()),
            Proof::Text(value) => reply("text/plain", value.read(delivery, key)?.0),
            Proof::Json(members) => reply("application/json", object(members, delivery, key)?),
            Proof::Header(name) => Reply {
                header: Some((name, Value::Header(name).read(delivery, key)?.0)),
                ..reply("text/plain", String::new())
            },
        })
    }
}

impl Mark {
    fn is_on(self, delivery: &Delivery) -> bool {
        match self {
            Self::Parameter(name) => parameter(delivery, name).is_some(),
            Self::ParameterIs(name, value) => parameter(delivery, name).as_deref() == Some(value),
            Self::Header(name) => delivery.headers.get(name).is_some(),
            Self::HeaderIs(name, value) => delivery.headers.get(name) == Some(value),
            Self::FieldIs(path, value) => scalar(delivery, path).as_deref() == Some(value),
            Self::Has(path) => json::member(&delivery.body, path).is_some(),
            Self::Lacks(path) => json::member(&delivery.body, path).is_none(),
            // Nobody has signed these: what is longer than such a request ever is stays unread.
            Self::OnlyMember(_) | Self::OnlyFormField(_) if delivery.body.len() > LONGEST => false,
            Self::OnlyMember(name) => json::read::<Members>(&delivery.body)
                .is_some_and(|Members(members)| only(&members) == Some(name)),
            Self::OnlyFormField(name) => only(&form_fields(&delivery.body)) == Some(name),
        }
    }
}

fn only<T>(pairs: &[(String, T)]) -> Option<&str> {
    match pairs {
        [(name, _)] => Some(name),
        _ => None,
    }
}

impl Value {
    /// The text, and whether it is a number.
    pub(crate) fn read(self, delivery: &Delivery, key: &[u8]) -> Option<(String, bool)> {
        let text = match self {
            Self::Parameter(name) => parameter(delivery, name)?,
            Self::Header(name) => delivery.headers.get(name)?.to_owned(),
            Self::Field(path) => scalar(delivery, path)?,
            Self::HexMacOfField(path) => {
                let text = fit(scalar(delivery, path)?)?;
                hex::encode(sign(Hash::Sha256, key, &[text]))
            }
            Self::Base64MacOfParameter(name) => {
                let text = fit(parameter(delivery, name)?)?;
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
                if !text.bytes().all(allowed) {
                    return None;
                }
                let digest = sign(Hash::Sha256, key, &[text]);
                format!("sha256={}", STANDARD.encode(digest))
            }
            Self::Number(number) => return Some((number.to_string(), true)),
        };
        Some((fit(text)?, false))
    }
}

/// A text that may be sent back.
fn fit(text: String) -> Option<String> {
    let fits = (1..=LONGEST_ECHO).contains(&text.len()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

fn object(members: &[(&str, Value)], delivery: &Delivery, key: &[u8]) -> Option<String> {
    let written = members.iter().map(|(name, value)| {
        let (text, is_number) = value.read(delivery, key)?;
        let text = if is_number {
            text
        } else {
            serde_json::to_string(&text).ok()?
        };
        Some(format!("\"{name}\":{text}"))
    });
    let written: Option<Vec<_>> = written.collect();
    Some(format!("{{{}}}", written?.join(",")))
}

/// A parameter of the query that comes once.
fn parameter(delivery: &Delivery, name: &str) -> Option<String> {
    form_field(form_fields(delivery.query.as_bytes()), name)
}

/// A field that is a text or a number, as it is written.
fn scalar(delivery: &Delivery, path: &str) -> Option<String> {
    let found = json::member(&delivery.body, path)?;
    json::scalar(&found)
}
