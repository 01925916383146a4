//! JSON Web Signatures under a shared key, as two providers send them in a header. The algorithm is ours
//! to choose and not the token's.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;

/// The index of the secret that signed a token, and what it claims. What the claims mean, and when they
/// end, is for the caller.
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
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = |secret: &Secret| {
        let key = DecodingKey::from_secret(secret.bytes()).ok()?;
        decode::<C>(token, &key, &validation).ok()
    };
    let mut found = secrets.iter().enumerate();
    found
        .find_map(|(index, secret)| Some((index, claims(secret)?.claims)))
        .ok_or(Rejection::Mismatch)
}

/// A token with these claims.
pub(super) fn sign(claims: &impl Serialize, secret: &Secret) -> Result<String, NotSignable> {
    let key = EncodingKey::from_secret(secret.bytes()).map_err(|_| NotSignable)?;
    encode(&Header::new(Algorithm::HS256), claims, &key).map_err(|_| NotSignable)
}
