//! The profile of a provider: what is true of its deliveries whatever they say.

use std::time::Duration;

use crate::delivery::Method;
use crate::dictionary::Dictionary;

/// The profile of a provider.
#[derive(Debug)]
pub struct Profile {
    /// The name in routes, parameters, event types and logs: lower case, no punctuation.
    pub name: &'static str,
    /// The name that people know.
    pub title: &'static str,
    /// The request methods that may carry deliveries. A source takes the first alone, unless its
    /// settings name others.
    pub methods: &'static [Method],
    /// The time after which the provider hangs up, or 10 s where it publishes none.
    pub answer_within: Duration,
    /// The form of a positive answer.
    pub acknowledgement: Acknowledgement,
    /// Other forms for the events whose types begin so.
    pub acknowledgements: &'static [(&'static str, Acknowledgement)],
    /// The status of an answer to what does not verify: 401, or what the provider's probes ask for.
    pub refusal: u16,
    /// The answer that the provider takes for "send it again later".
    pub later: Later,
    /// The parts of a request that the signature covers.
    pub covers: Covers,
    /// The published addresses that deliveries come from, where the provider publishes them.
    pub addresses: Option<AddressList>,
    /// True if nothing of this is known, and each source says in its settings how deliveries are signed.
    pub is_described: bool,
    /// Texts that its payloads have in common, newest first: the first makes items smaller, and all
    /// are needed to read items. None where nothing is known.
    pub dictionaries: &'static [Dictionary],
}

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// The body.
    Body,
    /// The public URL, and the body or its parameters.
    UrlAndBody,
    /// The public URL, and nothing that an event says.
    Url,
    /// Nothing that an event says: whoever has seen one delivery can make others.
    Nothing,
}

/// The form of a positive answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// `{"id": "...", "outcome": "..."}`.
    Json,
    /// 200 and an empty body: where the provider shows people what it gets, or takes no other status.
    Empty,
    /// 204.
    NoContent,
    /// 200 and a text that tells the provider to do nothing more.
    Fixed {
        /// The media type.
        media_type: &'static str,
        /// The text.
        text: &'static str,
    },
}

impl Covers {
    /// True if another URL has another signature.
    pub const fn has_url(self) -> bool {
        matches!(self, Self::Url | Self::UrlAndBody)
    }

    /// True if another body has another signature.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Body | Self::UrlAndBody)
    }
}

impl Acknowledgement {
    /// The status of the answer to a new event.
    pub const fn status(self) -> u16 {
        match self {
            Self::Json => 202,
            Self::Empty | Self::Fixed { .. } => 200,
            Self::NoContent => 204,
        }
    }
}

impl Profile {
    /// The form of a positive answer to an event of that type.
    pub fn acknowledgement_of(&self, kind: Option<&str>) -> Acknowledgement {
        let begins =
            |(beginning, _): &&(&str, _)| kind.is_some_and(|kind| kind.starts_with(beginning));
        let other = self.acknowledgements.iter().find(begins);
        other.map_or(self.acknowledgement, |(_, other)| *other)
    }
}

/// The answer that a provider takes for "send it again later".
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
