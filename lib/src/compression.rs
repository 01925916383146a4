//! How the ledger packs payloads: zstd, and for small ones a dictionary, which makes an item of two
//! or three kilobytes one of less than one. DynamoDB charges by the kilobyte, three times an event.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::limits;
use crate::provider::catalog;

/// A text that payloads share much with. Items name the one that packed them, so it must never
/// change: a better one has another name and comes before it.
#[derive(Debug)]
pub struct Dictionary {
    /// Its name in items.
    pub name: &'static str,
    /// The text: most typical at its end.
    pub text: &'static [u8],
}

/// The encoding of a payload that is stored as it is.
pub const IDENTITY: &str = "identity";

/// The encoding of a payload that is packed without a dictionary.
pub const ZSTD: &str = "zstd";

/// zstd's default level: within a few per cent of the best for small JSON, at a tenth of the time.
const LEVEL: i32 = 3;

/// The payload is not what its encoding says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload cannot be unpacked")]
pub struct NotPacked;

thread_local! {
    /// A function packs for one provider, so one compressor is kept, with its memory.
    static COMPRESSOR: RefCell<Option<(&'static str, Compressor<'static>)>> = const { RefCell::new(None) };
}

/// Packs a payload of a provider; says with which encoding.
pub fn pack(bytes: &[u8], provider: &str) -> (Vec<u8>, &'static str) {
    let dictionary = PREPARED
        .iter()
        .find(|prepared| prepared.provider == provider);
    let packed = match dictionary.filter(|_| bytes.len() <= limits::DICTIONARY_PAYLOAD) {
        Some(prepared) => prepared.pack(bytes).map(|packed| (packed, prepared.name)),
        None => zstd::bulk::compress(bytes, LEVEL).map(|packed| (packed, ZSTD)),
    };
    match packed {
        Ok((packed, encoding)) if packed.len() < bytes.len() => (packed, encoding),
        Ok(_) | Err(_) => (bytes.to_vec(), IDENTITY),
    }
}

/// Unpacks a payload of that encoding.
///
/// # Errors
/// [`NotPacked`] when it is of another, or an encoding that nobody writes.
pub fn unpack(stored: Vec<u8>, encoding: &str) -> Result<Vec<u8>, NotPacked> {
    // No request that the ledger has seen was larger than a Lambda request.
    let unpacked = match encoding {
        IDENTITY => return Ok(stored),
        ZSTD => zstd::bulk::decompress(&stored, limits::BODY),
        name => {
            let prepared = PREPARED.iter().find(|prepared| prepared.name == name);
            let decoder = &prepared.ok_or(NotPacked)?.decoder;
            Decompressor::with_prepared_dictionary(decoder).and_then(|mut decompressor| {
                decompressor.decompress(&stored, limits::DICTIONARY_PAYLOAD)
            })
        }
    };
    unpacked.map_err(|_| NotPacked)
}

/// A dictionary made ready for use, when it is used first.
struct Prepared {
    provider: &'static str,
    name: &'static str,
    encoder: LazyLock<
        EncoderDictionary<'static>,
        Box<dyn FnOnce() -> EncoderDictionary<'static> + Send>,
    >,
    decoder: LazyLock<
        DecoderDictionary<'static>,
        Box<dyn FnOnce() -> DecoderDictionary<'static> + Send>,
    >,
}

static PREPARED: LazyLock<Vec<Prepared>> = LazyLock::new(|| {
    let all = catalog::all().flat_map(|provider| {
        let profile = provider.profile();
        let dictionaries = profile.dictionaries.iter();
        dictionaries.map(|Dictionary { name, text }| Prepared {
            provider: profile.name,
            name,
            encoder: LazyLock::new(Box::new(|| EncoderDictionary::copy(text, LEVEL))),
            decoder: LazyLock::new(Box::new(|| DecoderDictionary::copy(text))),
        })
    });
    all.collect()
});

impl Prepared {
    fn pack(&'static self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        COMPRESSOR.with_borrow_mut(|kept| {
            let compressor = match kept {
                Some((name, compressor)) if *name == self.name => compressor,
                _ => {
                    let compressor = Compressor::with_prepared_dictionary(&self.encoder)?;
                    &mut kept.insert((self.name, compressor)).1
                }
            };
            compressor.compress(bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::sha256;

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
                let (packed, encoding) = pack(bytes, provider);
                assert!(packed.len() <= bytes.len(), "{encoding}");
                assert_eq!(
                    unpack(packed, encoding).as_deref(),
                    Ok(bytes),
                    "{provider} {encoding}"
                );
            }
        }
    }

    #[test]
    fn a_dictionary_makes_small_payloads_smaller() {
        let push = br#"{"ref":"refs/heads/topic","before":"81cbd4e7d1c1c8fa2b8f7a4bd6b6b26f2e5c8f11","repository":{"forks_url":"https://api.github.com/repos/somebody/else/forks"}}"#;
        let (with, encoding) = pack(push, "github");
        assert_eq!(encoding, "github-1");
        let (without, _) = pack(push, "another");
        assert!(
            with.len() * 3 < without.len() * 2,
            "{} and {}",
            with.len(),
            without.len()
        );
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
        assert_eq!(unpack(vec![1, 2, 3], ZSTD), Err(NotPacked));
        assert_eq!(unpack(vec![1, 2, 3], "github-1"), Err(NotPacked));
        assert_eq!(unpack(Vec::new(), "brotli"), Err(NotPacked));
    }
}
