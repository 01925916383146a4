//! The compression of payloads: zstd, and for small ones a dictionary, which makes an item of two or
//! three kilobytes one of less than one. DynamoDB charges by the kilobyte, three times an event.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::dictionary::Dictionary;
use crate::limits;

/// The encoding of a payload that is stored as it is.
pub const IDENTITY: &str = "identity";

/// The encoding of a payload that is packed without a dictionary.
pub const ZSTD: &str = "zstd";

/// zstd's default level: within a few per cent of the best for small JSON, at a tenth of the time.
const LEVEL: i32 = 3;

/// A payload that is smaller than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their encoding: [`ZSTD`], or the name of a dictionary.
    pub encoding: Cow<'static, str>,
}

/// The payload is not what its encoding says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload cannot be unpacked")]
pub struct NotPacked;

thread_local! {
    /// A function packs for one provider, so one compressor is kept, with its memory.
    static COMPRESSOR: RefCell<Option<(&'static str, Compressor<'static>)>> = const { RefCell::new(None) };
}

/// Packs a payload, with the dictionary where it is small enough for one; `None` where that does not
/// make it smaller.
pub fn pack(bytes: &[u8], dictionary: Option<&'static Prepared>) -> Option<Packed> {
    let dictionary = dictionary.filter(|_| bytes.len() <= limits::DICTIONARY_PAYLOAD);
    let packed = match dictionary {
        Some(prepared) => prepared.pack(bytes),
        None => zstd::bulk::compress(bytes, LEVEL),
    };
    let packed = packed.ok().filter(|packed| packed.len() < bytes.len())?;
    Some(Packed {
        bytes: packed,
        encoding: Cow::Borrowed(dictionary.map_or(ZSTD, Prepared::name)),
    })
}

/// Unpacks a payload of that encoding. `dictionary` is the one of that name, if there is one.
///
/// # Errors
/// [`NotPacked`] when it is of another, or an encoding that nobody writes.
pub fn unpack(
    stored: &[u8],
    encoding: &str,
    dictionary: Option<&Prepared>,
) -> Result<Vec<u8>, NotPacked> {
    // No request that the ledger has seen was larger than a Lambda request.
    let unpacked = match (encoding, dictionary) {
        (IDENTITY, _) => return Ok(stored.to_vec()),
        (ZSTD, _) => zstd::bulk::decompress(stored, limits::BODY),
        (_, Some(prepared)) => Decompressor::with_prepared_dictionary(&prepared.decoder).and_then(
            |mut decompressor| decompressor.decompress(stored, limits::DICTIONARY_PAYLOAD),
        ),
        (_, None) => return Err(NotPacked),
    };
    unpacked.map_err(|_| NotPacked)
}

/// A dictionary made ready for use, when it is used first.
pub struct Prepared {
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

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prepared").field(&self.name).finish()
    }
}

impl Prepared {
    /// A dictionary that is not ready yet.
    pub fn new(dictionary: &'static Dictionary) -> Self {
        let Dictionary { name, text } = dictionary;
        Self {
            name,
            encoder: LazyLock::new(Box::new(|| EncoderDictionary::copy(text, LEVEL))),
            decoder: LazyLock::new(Box::new(|| DecoderDictionary::copy(text))),
        }
    }

    /// Its name, which is the encoding of what it packs.
    pub const fn name(&self) -> &'static str {
        self.name
    }

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
