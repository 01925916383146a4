//! From a secret's text to the bytes of a key.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Key;
use crate::secret::Secret;

/// People paste keys with and without their padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Key {
    /// The key's bytes; `None` where the secret is not of this form, or empty.
    pub fn bytes(self, secret: &Secret) -> Option<Vec<u8>> {
        let text = secret.bytes();
        let bytes = match self {
            Self::Text => text.to_vec(),
            Self::Hex => hex::decode(text).ok()?,
            Self::Base64 { prefix } => {
                LENIENT.decode(text.strip_prefix(prefix.as_bytes())?).ok()?
            }
            Self::Pem => pem(std::str::from_utf8(text).ok()?)?,
        };
        (!bytes.is_empty()).then_some(bytes)
    }
}

/// The bytes between the lines of a PEM block. A secret is one line of a parameter, so the block's
/// line breaks may be written as spaces or left out.
fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (base64, _) = after.split_once("-----END PUBLIC KEY-----")?;
    let base64: String = base64.split_whitespace().collect();
    LENIENT.decode(base64).ok()
}
