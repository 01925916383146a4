//! Certificates that providers publish, and the RSA signatures that are held against them.
//!
//! A certificate is believed because it comes from the provider's own host over TLS; of itself it says
//! between which times it holds, and the key.

use std::time::Duration;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};

use crate::rejection::Rejection;
use crate::signature::Hash;
use crate::timestamp::Timestamp;

/// The text with which a certificate begins.
pub(super) const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Checks an RSA signature, PKCS #1 v1.5, by the first certificate of a PEM text.
///
/// # Errors
/// [`Rejection::UnknownKey`] where the text has no certificate that holds at `now`, and
/// [`Rejection::Mismatch`].
pub(super) fn verify(
    pem: &[u8],
    hash: Hash,
    message: &[u8],
    signature: &[u8],
    now: Timestamp,
) -> Result<(), Rejection> {
    let algorithm: &'static dyn VerificationAlgorithm = match hash {
        Hash::Sha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha512 => return Err(Rejection::Mismatch),
    };
    let key = public_key(pem, now).ok_or(Rejection::UnknownKey)?;
    let key = ParsedPublicKey::new(algorithm, key).map_err(|_| Rejection::UnknownKey)?;
    key.verify_sig(message, signature)
        .map_err(|_| Rejection::Mismatch)
}

/// The public key of a certificate that holds at `now`, as `SubjectPublicKeyInfo`.
fn public_key(pem: &[u8], now: Timestamp) -> Option<Vec<u8>> {
    let certificate = Certificate::from_pem(first(pem)?).ok()?.tbs_certificate;
    let now = Duration::from_secs(u64::try_from(now.seconds()).ok()?);
    let validity = &certificate.validity;
    let starts = validity.not_before.to_unix_duration();
    let ends = validity.not_after.to_unix_duration();
    let holds = starts <= now && now <= ends;
    let key = certificate.subject_public_key_info.to_der().ok()?;
    holds.then_some(key)
}

/// The first certificate of a text, which may be followed by those that it was issued by.
fn first(pem: &[u8]) -> Option<&str> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::str::from_utf8(pem).ok()?;
    let text = &text[text.find(BEGIN)?..];
    let end = text.find(END)? + END.len();
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::development::CERTIFICATE;

    #[test]
    fn a_certificate_has_a_key_while_it_holds() {
        let key = |seconds| public_key(CERTIFICATE.as_bytes(), Timestamp::from_seconds(seconds));
        assert!(key(1_767_225_600).is_some());
        assert_eq!(key(0), None);
        assert_eq!(key(-1), None);
        assert_eq!(key(7_000_000_000), None);
    }

    #[test]
    fn of_a_chain_the_first_certificate_counts() {
        let now = Timestamp::from_seconds(1_767_225_600);
        let chain = format!("subject=a\n{CERTIFICATE}-----BEGIN CERTIFICATE-----\nother\n");
        let first = public_key(chain.as_bytes(), now);
        assert!(first.is_some());
        assert_eq!(first, public_key(CERTIFICATE.as_bytes(), now));
    }

    #[test]
    fn what_is_no_certificate_has_no_key() {
        let now = Timestamp::from_seconds(1_767_225_600);
        let torn = &CERTIFICATE[..CERTIFICATE.len() / 2];
        let garbled = CERTIFICATE.replace("MII", "MIZ");
        for text in [
            "",
            "<html></html>",
            torn,
            &garbled,
            "-----BEGIN CERTIFICATE-----",
        ] {
            assert_eq!(public_key(text.as_bytes(), now), None, "{text}");
        }
    }
}
