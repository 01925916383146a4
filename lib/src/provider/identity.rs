//! The name of an event, and what keeps a verified delivery from having one.

use crate::name;

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
