//! The base that every signature scheme here shares: an HMAC over some parts, compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::secret::Secret;

/// The hash under an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Only where the provider offers nothing else (Twilio's Auth Token).
    Sha1,
    /// Almost everywhere.
    Sha256,
    /// Where the provider says so.
    Sha512,
}

impl Hash {
    /// Its name after `SHA`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "1",
            Self::Sha256 => "256",
            Self::Sha512 => "512",
        }
    }

    /// Length of the digest in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The index of the first secret with which one of the `signatures` signs `parts`, one after the
/// other. Comparison takes the same time wherever two digests differ.
pub fn matching_secret(
    hash: Hash,
    secrets: &[Secret],
    parts: &[&[u8]],
    signatures: &[Vec<u8>],
) -> Option<usize> {
    let signed = |secret: &Secret| verify_mac(hash, secret.bytes(), parts, signatures);
    secrets.iter().position(signed)
}

/// True if one of the `signatures` is the HMAC of `parts`, one after the other.
pub fn verify_mac(
    hash: Hash,
    key: &[u8],
    parts: &[impl AsRef<[u8]>],
    signatures: &[Vec<u8>],
) -> bool {
    match hash {
        Hash::Sha1 => matches::<Hmac<Sha1>>(key, parts, signatures),
        Hash::Sha256 => matches::<Hmac<Sha256>>(key, parts, signatures),
        Hash::Sha512 => matches::<Hmac<Sha512>>(key, parts, signatures),
    }
}

/// The HMAC of `parts`, one after the other.
pub fn sign(hash: Hash, key: &[u8], parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
    match hash {
        Hash::Sha1 => mac::<Hmac<Sha1>>(key, parts)
            .finalize()
            .into_bytes()
            .to_vec(),
        Hash::Sha256 => mac::<Hmac<Sha256>>(key, parts)
            .finalize()
            .into_bytes()
            .to_vec(),
        Hash::Sha512 => mac::<Hmac<Sha512>>(key, parts)
            .finalize()
            .into_bytes()
            .to_vec(),
    }
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The digest that a signature header carries in hexadecimal, either case; `None` where it is
/// anything but a whole digest of `hash`.
pub fn from_hex(hash: Hash, text: &str) -> Option<Vec<u8>> {
    hex::decode(text)
        .ok()
        .filter(|digest| digest.len() == hash.length())
}

/// The digest that a signature header carries in padded standard base64; `None` where it is
/// anything but a whole digest of `hash`.
pub fn from_base64(hash: Hash, text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .ok()
        .filter(|digest| digest.len() == hash.length())
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[impl AsRef<[u8]>]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part.as_ref());
    }
    mac
}

fn matches<M: Mac + KeyInit + Clone>(
    key: &[u8],
    parts: &[impl AsRef<[u8]>],
    signatures: &[Vec<u8>],
) -> bool {
    let mac = mac::<M>(key, parts);
    signatures
        .iter()
        .any(|signature| mac.clone().verify_slice(signature).is_ok())
}
