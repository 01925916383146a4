//! The JSON of an effect: whatever it says, it begins with the event that it comes from.

use serde::Serialize;
use webhooks::event::Event;

/// An effect of an event. Ids are unique within one source alone, and each source has secrets of
/// its own: who acts on an effect has to see which provider and source it comes from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Effect<'a, T> {
    pub(crate) provider: &'a str,
    pub(crate) source: &'a str,
    id: &'a str,
    pub(crate) idempotency_key: &'a str,
    #[serde(flatten)]
    content: T,
}

impl<'a, T: Serialize> Effect<'a, T> {
    /// The effect of that event with that content.
    pub(crate) fn of(event: &'a Event<'_>, idempotency_key: &'a str, content: T) -> Self {
        let key = event.key();
        Self {
            provider: &key.provider,
            source: &key.source,
            id: &key.id,
            idempotency_key,
            content,
        }
    }
}
