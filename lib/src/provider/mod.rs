//! The providers. Each is one file that knows how its provider signs, names and identifies an
//! event, and nothing else: no clock, no environment, no network, no AWS.

use std::time::Duration;

use crate::delivery::{Delivery, Headers, Method};
use crate::dictionary::Dictionary;
use crate::name;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verify::{Rejection, Verified};

pub mod github;
pub mod stripe;
pub mod twilio;

/// Every provider, for the command line and the tests that hold for all; a function knows its own.
pub static ALL: &[&dyn Provider] = &[&github::GitHub, &stripe::Stripe, &twilio::Twilio];

/// The provider of that name in [`ALL`].
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.name() == name)
}

/// How far a signed timestamp may be from now, in either direction, where the provider's own
/// libraries say 300 seconds.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// What differs from one provider to the next.
pub trait Provider: Sync {
    /// The name in routes, parameters, event types and logs: lower case, no punctuation.
    fn name(&self) -> &'static str;

    /// The request methods that may carry deliveries. A source takes the first alone, unless its
    /// settings name others.
    fn methods(&self) -> &'static [Method];

    /// What the provider wants to hear when all is well.
    fn acknowledgement(&self) -> Acknowledgement;

    /// The index of the secret that signed the delivery. Judges the shape and age of the headers
    /// before it looks at a secret, so that [`crate::verify::check_shape`] can ask with none.
    ///
    /// # Errors
    /// The [`Rejection`] that the log shows.
    fn verify(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<usize, Rejection>;

    /// What a verified delivery means.
    ///
    /// # Errors
    /// [`Malformed`] when the id or type of the event cannot be told.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed>;

    /// What the provider takes for "send it again later".
    fn later(&self) -> Later;

    /// Where the provider publishes the addresses that its deliveries come from; `None` where it
    /// does not.
    fn address_list(&self) -> Option<AddressList>;

    /// What its payloads have in common, newest first: the first makes items smaller, and all are
    /// needed to read items. None where nothing is known.
    fn dictionaries(&self) -> &'static [Dictionary];

    /// Signs a delivery as the provider would at `now`: sets headers, and the query where the
    /// scheme puts something there. For tests and the local tools.
    fn sign(&self, delivery: &mut Delivery, secret: &Secret, now: Timestamp);
}

/// What a provider takes for "send it again later".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// 503 with `Retry-After`: any failure will do.
    ServiceUnavailable,
    /// 429 with `Retry-After`, where a 5xx counts against the endpoint.
    TooManyRequests,
}

/// A published list of addresses: a JSON object in which a field is an array of networks or single
/// addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressList {
    /// Scheme and host.
    pub host: &'static str,
    /// The path.
    pub path: &'static str,
    /// The field's name.
    pub field: &'static str,
}

/// The form of a positive answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// `{"id": "...", "outcome": "..."}`.
    Json,
    /// An empty TwiML document, which tells Twilio to do nothing more.
    Twiml,
}

/// What a verified delivery means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something happened: to be recorded once and processed.
    Event(Identity),
    /// Several things did: every element of the body is an event of its own.
    Batch(Vec<Element>),
    /// The provider tries the endpoint; there is nothing to record.
    Ping(Identity),
}

impl Meaning {
    /// What it says of each event, or of the ping.
    pub fn identities(&self) -> Vec<&Identity> {
        match self {
            Self::Event(identity) | Self::Ping(identity) => vec![identity],
            Self::Batch(elements) => elements.iter().map(|element| &element.identity).collect(),
        }
    }
}

/// One of the events of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name and type.
    pub identity: Identity,
    /// Its JSON text, as it was sent.
    pub json: String,
}

/// The provider's name for an event, and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Unique within provider and source.
    pub id: String,
    /// The event type without the provider's name: `push`, `pull_request.opened`.
    pub kind: String,
}

/// The signature holds, but the delivery is not what the provider's documentation describes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A header that names the event is missing or unusable.
    #[error("the header {0} is missing or unusable")]
    Header(&'static str),
    /// The body is not the JSON or form that it should be.
    #[error("the body is not {0}")]
    Body(&'static str),
    /// A field that names the event is missing or unusable.
    #[error("the field {0} is missing or unusable")]
    Field(&'static str),
}

impl Identity {
    /// An identity whose parts can stand in a key, a log line and an answer. An unusable id is
    /// refused; a type is free text with some providers (GitHub's `repository_dispatch` takes any),
    /// so there an unusable character becomes `_`.
    pub(crate) fn checked(
        id: String,
        kind: String,
        named_by: Malformed,
    ) -> Result<Self, Malformed> {
        if !name::is_id(&id) || kind.is_empty() {
            return Err(named_by);
        }
        let kind = name::usable_kind(&kind);
        Ok(Self { id, kind })
    }
}

/// The value of a required signature header.
pub(crate) fn required<'a>(headers: &'a Headers, name: &'static str) -> Result<&'a str, Rejection> {
    headers.get(name).ok_or(Rejection::MissingHeader(name))
}
