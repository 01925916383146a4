//! The meaning of deliveries: one event, however many of them carry it.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::json;
use crate::name;
use crate::origin::Origin;
use crate::payload::{Data, FORM, Payload};
use crate::provider::Provider;
use crate::provider::identity::Identity;
use crate::provider::meaning::Element;
use crate::secret_line::SecretLine;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// The identity of an event, and its key in the ledger: `github/default/292430182:72d3162e-…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// The provider's name.
    pub provider: String,
    /// The registered endpoint at which it arrived.
    pub source: String,
    /// The provider's id for it.
    pub id: String,
}

/// The source of synthetic events that try a stack out. They are received, recorded and queued like all others, and no
/// handler gets them.
pub const PROBE_SOURCE: &str = "webhooks-probe";

/// The text is not `provider/source/id`, each in its alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an event key: expected provider/source/id")]
pub struct NotAKey;

impl EventKey {
    /// The CloudEvents `source` of this event, which is also its route.
    pub fn route(&self) -> String {
        format!("/webhooks/{}/{}", self.provider, self.source)
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.provider, self.source, self.id)
    }
}

impl FromStr for EventKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (provider, rest) = text.split_once('/').ok_or(NotAKey)?;
        let (source, id) = rest.split_once('/').ok_or(NotAKey)?;
        if !name::is_segment(provider) || !name::is_segment(source) || !name::is_id(id) {
            return Err(NotAKey);
        }
        Ok(Self {
            provider: provider.to_owned(),
            source: source.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// An event. From a request it can be made only out of a [`Verified`] delivery; the ledger and
/// the queue give back what was made so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    pub(crate) key: EventKey,
    pub(crate) kind: String,
    pub(crate) received_at: Timestamp,
    pub(crate) payload: Payload<'a>,
    pub(crate) traceparent: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) signed_by: Option<SecretLine>,
}

impl<'a> Event<'a> {
    /// The event that a verified delivery carries.
    pub fn new(
        provider: &dyn Provider,
        source: &str,
        identity: Identity,
        verified: &Verified<'a>,
        received_at: Timestamp,
        traceparent: Option<String>,
    ) -> Self {
        Self {
            key: EventKey {
                provider: provider.profile().name.to_owned(),
                source: source.to_owned(),
                id: identity.id,
            },
            kind: format!("{}.{}", provider.profile().name, identity.kind),
            received_at,
            payload: Payload::of(verified.delivery()),
            traceparent,
            origin: verified.origin(),
            signed_by: verified.signed_by(),
        }
    }

    /// The event that an element of a verified delivery is. Its payload is the element alone: the same
    /// event may come in another batch, or by itself.
    pub fn of_element(
        provider: &dyn Provider,
        source: &str,
        element: Element,
        verified: &Verified<'a>,
        received_at: Timestamp,
        traceparent: Option<String>,
    ) -> Self {
        let Element { identity, json } = element;
        let mut media_type = verified.delivery().media_type();
        if media_type == FORM {
            // The form had it in a field.
            "application/json".clone_into(&mut media_type);
        }
        Self {
            payload: Payload::new(media_type, json.into_bytes()),
            ..Self::new(
                provider,
                source,
                identity,
                verified,
                received_at,
                traceparent,
            )
        }
    }

    /// Provider, source and id.
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// The event type with its provider: `github.pull_request.opened`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// When the first delivery arrived.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The exact bytes and their JSON form.
    pub fn payload(&self) -> &Payload<'a> {
        &self.payload
    }

    /// The payload's JSON form, read as `T`: what was sent as JSON, or a form's object of strings.
    /// Only the fields that `T` names are looked at, and each of them may come once. An unpaired
    /// surrogate in one of them is read as U+FFFD. A `serde_json::Value` names every field, so that
    /// one with a number beyond `f64` or a depth of more than 128 is `None`; a
    /// `Box<serde_json::value::RawValue>` is always the text as it was sent.
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        match self.payload.data() {
            Data::Json(json) => json::read(json.get().as_bytes()),
            Data::Binary => None,
        }
    }

    /// The way on which it came, where the ledger was asked; a message does not say.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The place of the secret that has signed its first delivery, where the ledger was asked and knows it.
    pub fn signed_by(&self) -> Option<SecretLine> {
        self.signed_by
    }

    /// The W3C trace context of the receipt, where there is one.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_three_parts_of_their_alphabets() {
        let long = (
            format!("a/{}/c", "b".repeat(64)),
            format!("a/b/{}", "c".repeat(256)),
        );
        for text in [
            "github/default/1:a",
            "a/b-_.9/c/d",
            "a/b/~",
            &long.0,
            &long.1,
        ] {
            let key: Result<EventKey, NotAKey> = text.parse();
            assert_eq!(key.map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "a/b",
            "a//c",
            "/b/c",
            "a/b/",
            "a/../c",
            "./b/c",
            "a b/b/c",
            "a/b:/c",
            "a/b\u{e9}/c",
            "a/b/c d",
            "a/b/c\n",
            "a/b/\u{202e}c",
            "a/b/\u{1b}[2J",
            &format!("{}b", long.0.replace("/c", "b/c")),
            &format!("{}c", long.1),
        ] {
            assert_eq!(text.parse::<EventKey>(), Err(NotAKey), "{text:?}");
        }
    }
}
