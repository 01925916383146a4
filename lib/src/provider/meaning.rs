//! The meaning of a verified delivery.

use super::identity::Identity;

/// The meaning of a verified delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something happened: to be recorded once and processed.
    Event(Identity),
    /// Several things did: every element of the body is an event of its own.
    Batch(Vec<Element>),
    /// The provider tries the endpoint; there is nothing to record.
    Ping(Identity),
    /// The provider asks for proof that the endpoint is its owner's; there is nothing to record.
    Challenge(Reply),
}

/// One of the events of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name and type.
    pub identity: Identity,
    /// Its JSON text, as it was sent.
    pub json: String,
}

/// The text that answers a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The media type.
    pub media_type: &'static str,
    /// The text.
    pub text: String,
}

impl Meaning {
    /// The name of each event, or of the ping; none of a challenge.
    pub fn identities(&self) -> Vec<&Identity> {
        match self {
            Self::Event(identity) | Self::Ping(identity) => vec![identity],
            Self::Batch(elements) => elements.iter().map(|element| &element.identity).collect(),
            Self::Challenge(_) => Vec::new(),
        }
    }
}
