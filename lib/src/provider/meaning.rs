//! The meaning of a verified delivery.

use super::identity::{Identity, Malformed};
use super::publication::Address;

/// The meaning of a verified delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something happened: to be recorded once and processed.
    Event(Identity),
    /// Several things did: every element of the body is an event of its own, or cannot be told.
    Batch(Vec<Result<Element, Malformed>>),
    /// The provider tries the endpoint; there is nothing to record.
    Ping(Identity),
    /// The provider asks for proof that the endpoint is its owner's; there is nothing to record.
    Challenge(Reply),
    /// The provider asks that an address of its own is read, as proof; there is nothing to record.
    FetchBack(Address, Reply),
}

/// One of the events of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name and type.
    pub identity: Identity,
    /// Its JSON text, as it was sent.
    pub json: String,
}

/// The answer to a challenge, with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The media type.
    pub media_type: &'static str,
    /// The text.
    pub text: String,
    /// A header of its own.
    pub header: Option<(&'static str, String)>,
}

impl Meaning {
    /// A batch with these elements.
    ///
    /// # Errors
    /// [`Malformed`] when none of them can be told.
    pub(super) fn batch(elements: Vec<Result<Element, Malformed>>) -> Result<Self, Malformed> {
        let first = elements.iter().find_map(|element| element.as_ref().err());
        match first {
            Some(first) if elements.iter().all(Result::is_err) => Err(first.clone()),
            _ => Ok(Self::Batch(elements)),
        }
    }

    /// The name of each event, or of the ping; none where the provider asks for proof.
    pub fn identities(&self) -> Vec<&Identity> {
        match self {
            Self::Event(identity) | Self::Ping(identity) => vec![identity],
            Self::Batch(elements) => {
                let elements = elements.iter().flatten();
                elements.map(|element| &element.identity).collect()
            }
            Self::Challenge(_) | Self::FetchBack(..) => Vec::new(),
        }
    }
}
