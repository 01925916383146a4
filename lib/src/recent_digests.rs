//! Bodies that an instance has seen lately, for a metric.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::event::EventKey;
use crate::limits;
use crate::signature::sha256;

/// The bodies of the last events of one instance. A known body under a new id is counted with it, as
/// far as this instance has had both within so many events: exact counting would take a read or a
/// write more for each event, as refusing replays does.
#[derive(Debug, Default)]
pub struct RecentDigests(Mutex<VecDeque<Seen>>);

#[derive(Debug)]
struct Seen {
    /// The digest of source and body.
    digest: [u8; 32],
    /// The digest of the id under which the body came first.
    id: [u8; 32],
}

impl RecentDigests {
    /// Notes the body of a genuine event; says whether it is known under another id.
    pub fn note(&self, key: &EventKey, body: [u8; 32]) -> bool {
        let digest = sha256(&[key.source.as_bytes(), b"/", &body].concat());
        let id = sha256(key.id.as_bytes());
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = recent.iter().find(|seen| seen.digest == digest) {
            return seen.id != id;
        }
        if recent.len() >= limits::RECENT_DIGESTS {
            recent.pop_front();
        }
        recent.push_back(Seen { digest, id });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(source: &str, id: &str) -> EventKey {
        EventKey {
            provider: "github".to_owned(),
            source: source.to_owned(),
            id: id.to_owned(),
        }
    }

    #[test]
    fn knows_a_body_under_another_id_of_the_same_source_alone() {
        let recent = RecentDigests::default();
        assert!(!recent.note(&key("a", "1"), [1; 32]));
        assert!(!recent.note(&key("a", "1"), [1; 32]));
        assert!(recent.note(&key("a", "2"), [1; 32]));
        assert!(!recent.note(&key("b", "2"), [1; 32]));
        assert!(!recent.note(&key("a", "2"), [2; 32]));
    }

    #[test]
    fn forgets_the_oldest_and_never_grows() {
        let recent = RecentDigests::default();
        for number in 0..=limits::RECENT_DIGESTS {
            let body = sha256(&number.to_be_bytes());
            assert!(!recent.note(&key("a", "1"), body));
        }
        let held = recent.0.lock().map(|held| held.len());
        assert_eq!(held.ok(), Some(limits::RECENT_DIGESTS));
        assert!(!recent.note(&key("a", "2"), sha256(&0_usize.to_be_bytes())));
    }
}
