//! JSON Web Signatures: under a shared key, as providers send them in a header, and under published ones. The
//! algorithm is ours to choose and not the token's. What claims mean, and when they end, is for the caller.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;

/// The index of the secret that signed a token, and what it claims.
pub(super) fn verify<C: DeserializeOwned>(
    header: &'static str,
    token: &str,
    secrets: &[Secret],
) -> Result<(usize, C), Rejection> {
    let malformed = |problem| Rejection::MalformedHeader { header, problem };
    let head = decode_header(token).map_err(|_| malformed("it is no token"))?;
    if head.alg != Algorithm::HS256 {
        return Err(malformed("it is not signed by HS256"));
    }
    let signed = |secret: &Secret| {
        let key = DecodingKey::from_secret(secret.bytes()).ok()?;
        claims(token, &key, Algorithm::HS256)
    };
    let mut found = secrets.iter().enumerate();
    found
        .find_map(|(index, secret)| Some((index, signed(secret)?)))
        .ok_or(Rejection::Mismatch)
}

/// What a token claims, if that key has signed it.
pub(super) fn claims<C: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Option<C> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    Some(decode(token, key, &validation).ok()?.claims)
}

/// The name that a token's head gives its published key, if it is one that can be asked for.
pub(super) fn key_name(head: Header) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_name = |name: &String| (1..=64).contains(&name.len()) && name.bytes().all(plain);
    head.kid.filter(is_name)
}

/// A token with these claims.
pub(super) fn sign(claims: &impl Serialize, secret: &Secret) -> Result<String, NotSignable> {
    let key = EncodingKey::from_secret(secret.bytes()).map_err(|_| NotSignable)?;
    encode(&Header::new(Algorithm::HS256), claims, &key).map_err(|_| NotSignable)
}
