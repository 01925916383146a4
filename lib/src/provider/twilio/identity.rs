//! Twilio's events by name: by what is signed, and by the idempotency token where nothing signed tells
//! two events apart.
//!
//! The token is not signed. Whoever has one delivery could send it under any number of tokens, so
//! that it names nothing that a SID and a status, or an event's own id, can name. It does name the
//! turns of a call and callbacks without either: two of them can be alike to the last byte. Without
//! a token these go by the digest of what is signed, less what a repetition adds.
//!
//! Facts: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>,
//! <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.twilio.com/docs/voice/twiml>, <https://www.twilio.com/docs/voice/twiml/record>,
//! <https://www.twilio.com/docs/voice/api/call-resource#statuscallback> and
//! <https://www.twilio.com/docs/taskrouter/api/event>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::request::{body, is_form};
use super::split::is_sid;
use crate::delivery::{Delivery, Method};
use crate::json::{self, Members};
use crate::payload::{FORM, Payload, form_fields};
use crate::provider::identity::{Identity, Malformed};
use crate::provider::meaning::{Element, Meaning};
use crate::signature::sha256;

/// The parameters that name an event.
const NAMING: [&str; 17] = [
    "Body",
    "CallSid",
    "CallStatus",
    "ErrorCode",
    "ErrorUrl",
    "EventType",
    "MessageSid",
    "MessageStatus",
    "RecordingSid",
    "RecordingStatus",
    "SequenceNumber",
    "Sid",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "TranscriptionSid",
    "TranscriptionStatus",
];

/// The header that names a delivery, and is not signed.
const TOKEN: &str = "I-Twilio-Idempotency-Token";

/// Longest token that is taken for one.
const TOKEN_LENGTH: usize = 64;

/// The meaning of a delivery whose signature holds.
pub(super) fn name(delivery: &Delivery) -> Result<Meaning, Malformed> {
    let payload = Payload::of(delivery);
    let named = if payload.media_type == FORM || payload.bytes.is_empty() {
        Fields::of_form(delivery, &payload)?.name()?
    } else {
        match payload.bytes.trim_ascii_start().first() {
            Some(b'[') => return name_elements(&payload).and_then(Meaning::batch),
            Some(b'{') => Fields::of_object(&payload)?.name()?,
            _ => return Err(Malformed::Body("a JSON array or object")),
        }
    };
    let unsigned = || match token(delivery) {
        Some(token) => format!("token:{token}"),
        None => format!("sha256:{}", hex::encode(&signed_digest(delivery)[..16])),
    };
    let id = match (named.id, named.is_whole) {
        (id, true) => id,
        (id, false) if id.is_empty() => unsigned(),
        (id, false) => format!("{id}:{}", unsigned()),
    };
    let identity = Identity::checked(id, named.kind, Malformed::Field("the event's id"));
    identity.map(Meaning::Event)
}

/// The token, if it can be a part of an id.
fn token(delivery: &Delivery) -> Option<&str> {
    let token = delivery.headers.get(TOKEN)?;
    let fits = (1..=TOKEN_LENGTH).contains(&token.len());
    (fits && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

/// The digest of what is signed, less what a repetition adds: the number of the attempt, and at the
/// fallback URL why the first URL failed. It is the same wherever the signed text is cut.
fn signed_digest(delivery: &Delivery) -> [u8; 32] {
    let (query, pairs) = match delivery.method {
        Method::Get => ("", delivery.query.as_bytes()),
        Method::Post | Method::Head | Method::Other if is_form(delivery) => {
            (&*delivery.query, body(delivery))
        }
        Method::Post | Method::Head | Method::Other => return sha256(&delivery.body),
    };
    let mut pairs = form_fields(pairs);
    pairs.sort();
    let at_fallback = pairs.iter().any(|(name, _)| name == "ErrorUrl");
    let is_its_own = |name: &str| match name {
        "RetryCount" => false,
        "ErrorCode" | "ErrorUrl" => !at_fallback,
        _ => true,
    };
    let kept = pairs.iter().filter(|(name, _)| is_its_own(name));
    let fields = kept.flat_map(|(name, value)| [&**name, value]);
    let signed: String = [query].into_iter().chain(fields).collect();
    sha256(signed.as_bytes())
}

/// The name that fields give, perhaps in part.
struct Named {
    id: String,
    /// False where something more has to tell this event from others of that id.
    is_whole: bool,
    kind: String,
}

/// The fields that name an event, those with a value.
struct Fields {
    named: BTreeMap<String, Field>,
    /// Names and values in their signed order, for what may be hidden in them.
    text: String,
}

/// A field's value, and what begins right after it in the signed text.
struct Field {
    value: String,
    next: Option<u8>,
}

impl Fields {
    fn of_form(delivery: &Delivery, payload: &Payload<'_>) -> Result<Self, Malformed> {
        let mut fields = form_fields(&payload.bytes);
        if fields.is_empty() {
            return Err(Malformed::Body("a form with parameters"));
        }
        fields.sort();
        let repeats = fields.windows(2).any(|pair| pair[0] == pair[1]);
        // What a form says twice is signed as if it were there once.
        if repeats && delivery.method != Method::Get {
            return Err(Malformed::Body("a form whose parameters come once"));
        }
        let text = fields.iter().flat_map(|(name, value)| [&**name, value]);
        let text = text.collect();
        let next: Vec<_> = fields
            .iter()
            .skip(1)
            .map(|(name, _)| name.bytes().next())
            .collect();
        let next = next.into_iter().chain([None]);
        let fields = fields.into_iter().zip(next);
        Self::once(
            fields.map(|((name, value), next)| (name, Field { value, next })),
            text,
        )
    }

    fn of_object(payload: &Payload<'_>) -> Result<Self, Malformed> {
        let Members(members) = payload.json().ok_or(Malformed::Body("a JSON object"))?;
        let fields = members
            .into_iter()
            .filter(|(name, _)| NAMING.contains(&&**name))
            .map(|(name, value)| {
                let value = json::read::<String>(value.get().as_bytes()).unwrap_or_default();
                (name, Field { value, next: None })
            });
        Self::once(fields, String::new())
    }

    fn once(
        fields: impl IntoIterator<Item = (String, Field)>,
        text: String,
    ) -> Result<Self, Malformed> {
        let mut named = BTreeMap::new();
        for (name, field) in fields {
            if NAMING.contains(&&*name) && named.insert(name, field).is_some() {
                return Err(Malformed::Body("one whose naming fields come once"));
            }
        }
        named.retain(|_, field| !field.value.is_empty());
        Ok(Self { named, text })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(|field| field.value.as_str())
    }

    /// A field whose value must be of one form. Where it could go on in the signed text, or where the
    /// field is not there, but its name and such a value stand within others, the text is cut anew.
    fn exact(
        &self,
        name: &'static str,
        is_form: fn(u8) -> bool,
    ) -> Result<Option<String>, Malformed> {
        if let Some(Field { value, next }) = self.named.get(name) {
            let holds = value.bytes().all(is_form) && !next.is_some_and(is_form);
            let value = holds.then(|| value.clone());
            return value.map(Some).ok_or(Malformed::Field(name));
        }
        let follows = |(at, name): (usize, &str)| self.text.as_bytes().get(at + name.len());
        let mut hidden = self.text.match_indices(name).filter_map(follows);
        if hidden.any(|byte| is_form(*byte)) {
            return Err(Malformed::Field(name));
        }
        Ok(None)
    }

    fn status(&self, name: &'static str) -> Result<Option<String>, Malformed> {
        self.exact(name, |byte| {
            byte.is_ascii_lowercase() || b"-_".contains(&byte)
        })
    }

    fn number(&self, name: &'static str) -> Result<Option<String>, Malformed> {
        self.exact(name, |byte| byte.is_ascii_digit())
    }

    /// The event by the product's own fields.
    fn name(&self) -> Result<Named, Malformed> {
        for by_product in [
            Self::message,
            Self::transcription,
            Self::recording,
            Self::call,
        ] {
            if let Some(named) = by_product(self)? {
                return Ok(named);
            }
        }
        let kind = self.get("EventType").unwrap_or("callback").to_owned();
        // TaskRouter gives its events ids.
        let id = self
            .get("Sid")
            .filter(|sid| sid.starts_with("EV") && is_sid(sid));
        if id.is_none() && self.text.contains("SidEV") {
            return Err(Malformed::Field("Sid"));
        }
        Ok(Named {
            id: id.unwrap_or_default().to_owned(),
            is_whole: id.is_some(),
            kind,
        })
    }

    /// A message that came, or the status of one that goes out. `SmsSid` and `SmsStatus` are the older
    /// names. WhatsApp and RCS say `EventType=READ` beside them.
    fn message(&self) -> Result<Option<Named>, Malformed> {
        let names = ["MessageSid", "SmsMessageSid", "SmsSid"];
        let mut sids = names.iter().filter_map(|name| self.get(name));
        // Others than SM and MM are messages of conversations, which have no status.
        let Some(sid) = sids.find(|sid| sid.starts_with("SM") || sid.starts_with("MM")) else {
            return Ok(None);
        };
        let status = match self.message_status()? {
            Some(status) => status,
            None if self.get("Body").is_some() => "received".to_owned(),
            None => return Ok(None),
        };
        // At the fallback URL the error is that of the first URL, and the message is the same.
        let is_its_own = status != "received" && self.get("ErrorUrl").is_none();
        let error = if is_its_own {
            self.number("ErrorCode")?
        } else {
            None
        };
        Ok(Some(whole("message", sid, &status, error)))
    }

    fn message_status(&self) -> Result<Option<String>, Malformed> {
        let kind = self.get("EventType").unwrap_or_default();
        if kind.eq_ignore_ascii_case("READ") {
            return Ok(Some("read".to_owned()));
        }
        let names = ["MessageStatus", "SmsStatus"];
        for name in names {
            if self.get(name).is_some() {
                return self.status(name);
            }
        }
        // Somebody may have typed these names into a body.
        if self.get("Body").is_none() {
            for name in names {
                self.status(name)?;
            }
        }
        Ok(None)
    }

    fn transcription(&self) -> Result<Option<Named>, Malformed> {
        self.of("transcription", "TranscriptionSid", "TranscriptionStatus")
    }

    fn recording(&self) -> Result<Option<Named>, Malformed> {
        self.of("recording", "RecordingSid", "RecordingStatus")
    }

    fn of(
        &self,
        product: &str,
        sid: &str,
        status: &'static str,
    ) -> Result<Option<Named>, Malformed> {
        let Some(sid) = self.get(sid) else {
            return Ok(None);
        };
        let status = self.status(status)?;
        Ok(status.map(|status| whole(product, sid, &status, None)))
    }

    /// A change of a call's status, which has a number, or a turn of the call: it asks for
    /// instructions many times in one status.
    fn call(&self) -> Result<Option<Named>, Malformed> {
        let Some(sid) = self.get("CallSid") else {
            return Ok(None);
        };
        let Some(status) = self.status("CallStatus")? else {
            return Ok(None);
        };
        let number = self.number("SequenceNumber")?;
        let is_whole = number.is_some();
        Ok(Some(Named {
            is_whole,
            ..whole("call", sid, &status, number)
        }))
    }
}

fn whole(product: &str, sid: &str, status: &str, suffix: Option<String>) -> Named {
    let suffix = suffix.map(|suffix| format!(":{suffix}"));
    Named {
        id: format!("{sid}:{status}{}", suffix.unwrap_or_default()),
        is_whole: true,
        kind: format!("{product}.{status}"),
    }
}

/// The naming fields of a CloudEvent, an element of what Event Streams posts.
#[derive(Deserialize)]
struct CloudEvent {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Event Streams posts an array of CloudEvents, each an event of its own: the next batch, or a retry,
/// may hold some of them again. One without an id goes by its digest.
fn name_elements(payload: &Payload<'_>) -> Result<Vec<Result<Element, Malformed>>, Malformed> {
    let texts: Vec<Box<RawValue>> = payload
        .json()
        .ok_or(Malformed::Body("an array with events"))?;
    if texts.is_empty() {
        return Err(Malformed::Body("an array with events"));
    }
    Ok(texts.into_iter().map(name_element).collect())
}

fn name_element(text: Box<RawValue>) -> Result<Element, Malformed> {
    let json = String::from(Box::<str>::from(text));
    let event: CloudEvent =
        json::read(json.as_bytes()).ok_or(Malformed::Body("an array with events"))?;
    let kind = event.kind.unwrap_or_else(|| "event".to_owned());
    let kind = kind.strip_prefix("com.twilio.").unwrap_or(&kind).to_owned();
    let by_digest = || format!("sha256:{}", hex::encode(&sha256(json.as_bytes())[..16]));
    let id = event.id.unwrap_or_else(by_digest);
    let identity = Identity::checked(id, kind, Malformed::Field("id"))?;
    Ok(Element { identity, json })
}
