//! The keys of an event's two items.

use std::str::FromStr;

use crate::event::{EventKey, NotAKey};

/// Stands after the source in the key of a state. No source has such a name, so no event has such a key.
const STATE: &str = "#state";

/// The key of an event's receipt: `provider/source/id`.
pub(super) fn receipt_key(key: &EventKey) -> String {
    key.to_string()
}

/// The key of an event's state: `provider/source#state/id`.
pub(super) fn state_key(key: &EventKey) -> String {
    format!("{}/{}{STATE}/{}", key.provider, key.source, key.id)
}

/// The event whose state has this key.
pub(super) fn event_of(state_key: &str) -> Result<EventKey, NotAKey> {
    let (source, id) = state_key.split_once(STATE).ok_or(NotAKey)?;
    EventKey::from_str(&format!("{source}{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_leads_back_to_its_event() {
        for text in ["github/default/1:a", "a/b-_.9/c/d", "a/b/x#state/y"] {
            let key: EventKey = text.parse().expect("a key");
            let state = state_key(&key);
            assert_eq!(event_of(&state), Ok(key));
            assert!(state.parse::<EventKey>().is_err(), "{state}");
        }
        assert!(event_of("github/default/1:a").is_err());
    }
}
