//! A GitHub App, as GitHub's API knows it.
//!
//! Facts: <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>.

use std::fmt;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::provider_api::ApiError;
use crate::timestamp::Timestamp;

/// A GitHub App and its private key.
pub struct GitHubApp {
    id: u64,
    key: Box<EncodingKey>,
}

/// The text is no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA private key in PEM")]
pub struct NoPrivateKey;

/// The claims of an App: valid for ten minutes at most, and from a minute ago for clocks that are late.
#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl GitHubApp {
    /// The App with this id and this key in PEM.
    ///
    /// # Errors
    /// [`NoPrivateKey`] for another text.
    pub fn new(id: u64, pem: &str) -> Result<Self, NoPrivateKey> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| NoPrivateKey)?;
        Ok(Self {
            id,
            key: Box::new(key),
        })
    }

    /// A token that its calls bear for some minutes.
    ///
    /// # Errors
    /// [`ApiError::Unreadable`] when the key does not sign.
    pub fn token(&self, now: Timestamp) -> Result<String, ApiError> {
        let claims = Claims {
            iat: now.seconds() - 60,
            exp: now.seconds() + 540,
            iss: self.id.to_string(),
        };
        let token = encode(&Header::new(Algorithm::RS256), &claims, &self.key);
        token.map_err(|_| ApiError::Unreadable("a private key that signs"))
    }
}

impl fmt::Debug for GitHubApp {
    // The key is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GitHubApp").field(&self.id).finish()
    }
}
