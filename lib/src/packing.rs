//! The packing of events' payloads: once for each event, with the dictionary of its provider.

use std::sync::LazyLock;

use crate::compression::{self, NotPacked, Prepared};
use crate::event::Event;
use crate::payload::Stored;
use crate::provider::catalog;

/// Every provider's dictionaries, the one that packs first.
static DICTIONARIES: LazyLock<Vec<(&'static str, Prepared)>> = LazyLock::new(|| {
    let of_all = catalog::all().flat_map(|provider| {
        let profile = provider.profile();
        let dictionaries = profile.dictionaries.iter();
        dictionaries.map(|dictionary| (profile.name, Prepared::new(dictionary)))
    });
    of_all.collect()
});

/// An event's payload as the item, the bucket and the queue keep it. It is packed at the first call;
/// later ones give the same bytes.
pub fn stored<'a>(event: &'a Event<'_>) -> Stored<'a> {
    event.payload.stored(|bytes| {
        let mut all = DICTIONARIES.iter();
        let of_provider = all.find(|(provider, _)| *provider == event.key.provider);
        compression::pack(bytes, of_provider.map(|(_, dictionary)| dictionary))
    })
}

/// Unpacks a payload of that encoding.
///
/// # Errors
/// [`NotPacked`] when it is of another, or an encoding that nobody writes.
pub fn unpack(stored: &[u8], encoding: &str) -> Result<Vec<u8>, NotPacked> {
    let mut all = DICTIONARIES.iter().map(|(_, dictionary)| dictionary);
    let named = all.find(|dictionary| dictionary.name() == encoding);
    compression::unpack(stored, encoding, named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compression::ZSTD;
    use crate::origin::Origin;
    use crate::payload::Payload;
    use crate::signature::sha256;
    use crate::timestamp::Timestamp;

    fn event(provider: &str, bytes: &[u8]) -> Event<'static> {
        Event {
            key: format!("{provider}/default/1").parse().expect("a key"),
            kind: format!("{provider}.push"),
            received_at: Timestamp::from_seconds(1_767_225_600),
            payload: Payload::new("application/json", bytes.to_vec()),
            traceparent: None,
            origin: Origin::Delivered,
            signed_by: None,
        }
    }

    #[test]
    fn brings_back_every_byte() {
        let json = br#"{"ref":"refs/heads/main","repository":{"full_name":"a/b"}}"#;
        let noise: Vec<u8> = (0..200_000_u32)
            .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        for provider in ["github", "stripe", "twilio", "another"] {
            for bytes in [
                &[][..],
                b"a",
                json,
                &json.repeat(5_000),
                &noise[..50_000],
                &noise,
            ] {
                let event = event(provider, bytes);
                let Stored {
                    bytes: packed,
                    encoding,
                } = stored(&event);
                assert!(packed.len() <= bytes.len(), "{encoding}");
                let unpacked = unpack(packed, encoding);
                assert_eq!(unpacked.as_deref(), Ok(bytes), "{provider} {encoding}");
            }
        }
    }

    #[test]
    fn packs_once() {
        let event = event("github", &b"{}".repeat(10_000));
        let (first, second) = (stored(&event), stored(&event));
        assert_eq!(first.encoding, "github-1");
        assert_eq!(first.bytes.as_ptr(), second.bytes.as_ptr());
    }

    #[test]
    fn a_dictionary_makes_small_payloads_smaller() {
        let push = br#"{"ref":"refs/heads/topic","before":"81cbd4e7d1c1c8fa2b8f7a4bd6b6b26f2e5c8f11","repository":{"forks_url":"https://api.github.com/repos/somebody/else/forks"}}"#;
        let (github, another) = (event("github", push), event("another", push));
        let (with, without) = (stored(&github), stored(&another));
        assert_eq!(with.encoding, "github-1");
        assert_eq!(without.encoding, ZSTD);
        let (with, without) = (with.bytes.len(), without.bytes.len());
        assert!(with * 3 < without * 2, "{with} and {without}");
    }

    #[test]
    fn no_dictionary_changes_while_items_name_it() {
        let all = catalog::all().flat_map(|provider| provider.profile().dictionaries);
        let digests: Vec<(&str, String)> = all
            .map(|one| (one.name, hex::encode(&sha256(one.text)[..8])))
            .collect();
        let expected = [
            ("github-1", "053872f91f0d48ee"),
            ("stripe-1", "c31115ddbcc1ad6f"),
            ("twilio-1", "3eace10eca066ea3"),
        ];
        assert_eq!(
            digests,
            expected.map(|(name, digest)| (name, digest.to_owned()))
        );
    }

    #[test]
    fn refuses_what_nobody_writes() {
        assert_eq!(unpack(&[1, 2, 3], ZSTD), Err(NotPacked));
        assert_eq!(unpack(&[1, 2, 3], "github-1"), Err(NotPacked));
        assert_eq!(unpack(&[], "brotli"), Err(NotPacked));
    }
}
