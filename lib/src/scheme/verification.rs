//! The engine: a delivery, a scheme and secrets go in; the secret that signed comes out.

use std::borrow::Cow;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};

use super::{Algorithm, Scheme};
use crate::delivery::Delivery;
use crate::rejection::Rejection;
use crate::secret::Secret;
use crate::signature::verify_mac;
use crate::timestamp::Timestamp;

/// The index of the secret that signed a delivery by one of a provider's schemes.
///
/// The first scheme that the request claims, and that one of the secrets fits, decides alone: what
/// its signature refuses, a weaker one elsewhere in the request must not let in. Schemes that stand
/// in the same place count together. With no secrets, as for a look at the shape alone, the claim
/// decides.
///
/// # Errors
/// The [`Rejection`]; with no secrets at best [`Rejection::Mismatch`].
pub fn verify_any(
    schemes: &[Scheme],
    delivery: &Delivery,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<usize, Rejection> {
    let present = || schemes.iter().filter(|scheme| scheme.is_present(delivery));
    let fits = |scheme: &&Scheme| {
        secrets.is_empty() || secrets.iter().any(|secret| scheme.key(secret).is_some())
    };
    let Some(first) = present().find(fits).or_else(|| present().next()) else {
        return Err(absent(schemes, delivery));
    };
    let mut refused = None;
    for scheme in present().filter(|scheme| scheme.place == first.place) {
        match verify(scheme, delivery, secrets, now) {
            Ok(secret) => return Ok(secret),
            // That it is not of another scheme's form says nothing.
            Err(Rejection::MalformedHeader { .. }) if refused.is_some() => {}
            Err(rejection) => refused = Some(rejection),
        }
    }
    Err(refused.unwrap_or(Rejection::Mismatch))
}

/// The reason why none of the schemes can be told from the request: what the likeliest one misses.
fn absent(schemes: &[Scheme], delivery: &Delivery) -> Rejection {
    let missing = |scheme: &Scheme| {
        scheme
            .signatures(delivery)
            .and_then(|_| scheme.check_required(delivery))
            .err()
    };
    // The one whose media type and other headers are there, first.
    let prepared = |scheme: &&Scheme| {
        let asks = scheme.media_type.is_some() || !scheme.required.is_empty();
        asks && scheme.check_required(delivery).is_ok()
    };
    if let Some(reason) = schemes.iter().find(prepared).and_then(missing) {
        return reason;
    }
    let mut reasons = schemes.iter().filter_map(missing);
    let first = reasons.next().unwrap_or(Rejection::Mismatch);
    reasons
        .find(|reason| !matches!(reason, Rejection::MissingHeader(_)))
        .filter(|_| matches!(first, Rejection::MissingHeader(_)))
        .unwrap_or(first)
}

/// The index of the secret that signed a delivery by this scheme.
///
/// # Errors
/// The [`Rejection`]: of the form and the age before any secret is looked at.
pub fn verify(
    scheme: &Scheme,
    delivery: &Delivery,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<usize, Rejection> {
    scheme.check_required(delivery)?;
    let signatures = scheme.signatures(delivery)?;
    let later = scheme.time_is_in_signed_body();
    let time = if later { None } else { scheme.time(delivery)? };
    check_age(scheme, time.as_deref(), now)?;
    let secret = signer(scheme, delivery, secrets, time.as_deref(), &signatures)?;
    if later {
        check_age(scheme, scheme.time(delivery)?.as_deref(), now)?;
    }
    Ok(secret)
}

/// True if those bytes, which no configured secret may be, are the key of a delivery's signature.
pub fn holds_with_key(scheme: &Scheme, delivery: &Delivery, key: &[u8]) -> bool {
    let Ok(signatures) = scheme.signatures(delivery) else {
        return false;
    };
    let time = scheme.time(delivery).ok().flatten();
    let url = delivery.urls.first().map_or("", String::as_str);
    let parts = scheme.parts(delivery, url, time.as_deref());
    parts.is_ok_and(|parts| holds(scheme.algorithm, key, &parts, &signatures))
}

fn check_age(scheme: &Scheme, time: Option<&str>, now: Timestamp) -> Result<(), Rejection> {
    match (&scheme.clock, time) {
        (Some(clock), Some(time)) => clock.check(time, now),
        _ => Ok(()),
    }
}

fn signer(
    scheme: &Scheme,
    delivery: &Delivery,
    secrets: &[Secret],
    time: Option<&str>,
    signatures: &[Vec<u8>],
) -> Result<usize, Rejection> {
    let keys: Vec<_> = secrets.iter().map(|secret| scheme.key(secret)).collect();
    let urls: &[String] = &delivery.urls;
    let urls = if scheme.signs_url() {
        urls
    } else {
        &urls[..urls.len().min(1)]
    };
    let none = String::new();
    let urls = if urls.is_empty() {
        std::slice::from_ref(&none)
    } else {
        urls
    };
    for url in urls {
        let parts = scheme.parts(delivery, url, time)?;
        let signed = |key: &Option<Vec<u8>>| {
            key.as_ref()
                .is_some_and(|key| holds(scheme.algorithm, key, &parts, signatures))
        };
        if let Some(secret) = keys.iter().position(signed) {
            return Ok(secret);
        }
    }
    Err(Rejection::Mismatch)
}

/// True if one of the signatures is the key's over the parts.
fn holds(
    algorithm: Algorithm,
    key: &[u8],
    parts: &[Cow<'_, [u8]>],
    signatures: &[Vec<u8>],
) -> bool {
    let asymmetric = |algorithm: &'static dyn VerificationAlgorithm| {
        let Ok(key) = ParsedPublicKey::new(algorithm, key) else {
            return false;
        };
        let message = parts.concat();
        signatures
            .iter()
            .any(|signature| key.verify_sig(&message, signature).is_ok())
    };
    match algorithm {
        Algorithm::Hmac(hash) => verify_mac(hash, key, parts, signatures),
        Algorithm::Ed25519 => asymmetric(&ED25519),
        Algorithm::EcdsaP256 => asymmetric(&ECDSA_P256_SHA256_ASN1),
        Algorithm::Rsa => asymmetric(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Token => {
            let same = |token: &Vec<u8>| verify_slices_are_equal(token, key).is_ok();
            signatures.iter().any(same)
        }
    }
}

impl Scheme {
    /// True if a delivery can be too old.
    pub fn checks_age(&self) -> bool {
        self.clock.is_some_and(|clock| clock.past.is_some())
    }

    /// The key that a secret is for this scheme.
    fn key(&self, secret: &Secret) -> Option<Vec<u8>> {
        self.keys.iter().find_map(|form| form.bytes(secret))
    }
}
