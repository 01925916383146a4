//! Keys to play a provider with: for tests and the local tools. None of them is a secret.

use std::borrow::Cow;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Algorithm, Encoding, Key, Scheme};
use crate::keys::Keys;
use crate::provider::Signer;
use crate::secret::Secret;
use crate::signature::sha256;

/// The end of the text that every development secret is made from.
const DEVELOPMENT: &str = "-development-secret";

/// The private keys after a line of words: of each algorithm the one of development, and another.
const KEYS: &str = include_str!("development-keys.txt");

/// The certificate of RSA's key of development, until the year 2125.
pub(crate) const CERTIFICATE: &str = include_str!("development-certificate.pem");

/// The name of the published key of development.
pub(crate) const CERTIFICATE_NAME: &str = "development";

/// The text of a provider's development secret.
pub fn text(provider: &str) -> String {
    format!("{provider}{DEVELOPMENT}")
}

/// A secret of the form that a scheme takes, made from any text: the same for the same text. Of public
/// keys there are two, that of development texts and another.
pub fn secret(scheme: &Scheme, text: &str) -> Secret {
    let written = match (scheme.algorithm, scheme.keys.first()) {
        (Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::Rsa, Some(key)) => {
            let which = usize::from(!text.ends_with(DEVELOPMENT));
            write(*key, &public(scheme.algorithm, which).unwrap_or_default())
        }
        // User and password.
        (Algorithm::Token, _) if scheme.encoding == Encoding::Base64 => format!("hook:{text}"),
        (_, Some(Key::Text) | None) => text.to_owned(),
        (_, Some(key)) => write(*key, &sha256(text.as_bytes())),
    };
    Secret::new(written).unwrap_or_else(|_| Secret::new(DEVELOPMENT).expect("it is not blank"))
}

/// The signature of the private key that belongs to a public one, if it is one of ours.
pub(super) fn sign(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let which = (0..2).find(|which| public(algorithm, *which).as_deref() == Some(key))?;
    let private = private(algorithm, which)?;
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private).ok()?;
            Some(pair.sign(message).as_ref().to_vec())
        }
        Algorithm::EcdsaP256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &private);
            let signature = pair.ok()?.sign(&random, message).ok()?;
            Some(signature.as_ref().to_vec())
        }
        Algorithm::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(&private).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            let signed = pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
            signed.ok().map(|()| signature)
        }
        Algorithm::Hmac(_) | Algorithm::Token => None,
    }
}

/// The signature by the key of the certificate.
pub(crate) fn sign_by_certificate(message: &[u8]) -> Option<Vec<u8>> {
    sign(Algorithm::Rsa, &certificate_key()?, message)
}

/// The public key of the certificate, as `SubjectPublicKeyInfo`.
pub(crate) fn certificate_key() -> Option<Vec<u8>> {
    public(Algorithm::Rsa, 0)
}

/// The private key that goes with a secret which is no key, in PKCS #8.
pub(crate) fn private_for(algorithm: Algorithm, secret: &Secret) -> Option<Vec<u8>> {
    private(algorithm, which(secret))
}

/// The public key that goes with a secret which is no key.
pub(crate) fn public_for(algorithm: Algorithm, secret: &Secret) -> Option<Vec<u8>> {
    public(algorithm, which(secret))
}

/// The keys that a delivery by that provider is held against, which [`Signer::sign`] has signed with the last
/// of the secrets.
pub fn keys<'a>(provider: &dyn Signer, secrets: &'a [Secret]) -> Keys<'a> {
    let publication = secrets.last().and_then(|last| provider.publication(last));
    Keys {
        secrets,
        published: publication.map(|publication| Cow::Owned(publication.text)),
    }
}

fn which(secret: &Secret) -> usize {
    usize::from(!secret.bytes().ends_with(DEVELOPMENT.as_bytes()))
}

/// A public key as the scheme's algorithm takes it.
fn public(algorithm: Algorithm, which: usize) -> Option<Vec<u8>> {
    let private = private(algorithm, which)?;
    let spki = |der: PublicKeyX509Der<'_>| der.as_ref().to_vec();
    match algorithm {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private).ok()?;
            Some(pair.public_key().as_ref().to_vec())
        }
        Algorithm::EcdsaP256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &private);
            pair.ok()?.public_key().as_der().ok().map(spki)
        }
        Algorithm::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(&private).ok()?;
            pair.public_key().as_der().ok().map(spki)
        }
        Algorithm::Hmac(_) | Algorithm::Token => None,
    }
}

/// A private key, in PKCS #8.
fn private(algorithm: Algorithm, which: usize) -> Option<Vec<u8>> {
    let first = match algorithm {
        Algorithm::Ed25519 => 1,
        Algorithm::EcdsaP256 => 3,
        Algorithm::Rsa => 5,
        Algorithm::Hmac(_) | Algorithm::Token => return None,
    };
    STANDARD.decode(KEYS.lines().nth(first + which)?).ok()
}

/// The text of a key's bytes.
fn write(key: Key, bytes: &[u8]) -> String {
    match key {
        Key::Text => String::from_utf8_lossy(bytes).into_owned(),
        Key::Hex => hex::encode(bytes),
        Key::Base64 { prefix } => format!("{prefix}{}", STANDARD.encode(bytes)),
        Key::Pem => format!(
            "-----BEGIN PUBLIC KEY----- {} -----END PUBLIC KEY-----",
            STANDARD.encode(bytes)
        ),
    }
}
