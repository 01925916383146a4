//! Plaid: a token with the digest of the body, signed by a key that Plaid names and gives to whoever asks
//! with credentials of its API.
//!
//! The keys are Plaid's and not a customer's: a handler checks that an item is its own.
//!
//! Facts: <https://plaid.com/docs/api/webhooks/webhook-verification/>.

use std::borrow::Cow;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Naming, Piece};
use super::profile::Profile;
use super::publication::{Address, KeyAddress, Publication};
use super::row::Row;
use super::setup::Setup;
use super::table::{IN_BODY, POSTED};
use super::{Explained, jws};
use crate::delivery::Delivery;
use crate::json;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::scheme::{self, development};
use crate::secret::Secret;
use crate::signature::sha256;
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "Plaid-Verification";

/// The path at which keys are asked for.
const KEYS: &str = "/webhook_verification_key/get";

/// The longest age of a token, in seconds.
const AGE: i64 = 300;

/// Plaid: webhooks of items.
pub static PLAID: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "plaid",
            title: "Plaid",
            ..POSTED
        },
        schemes: &[],
        handshakes: &[],
        naming: Naming {
            // It says the same of every change of an item.
            id: &[&[Piece::Digest, Piece::Text(":"), Piece::Received]],
            kind: &[&[
                Piece::Field("webhook_type"),
                Piece::Text("."),
                Piece::Field("webhook_code"),
            ]],
            ..IN_BODY
        },
        setup: Setup {
            paste: "`webhook` of /link/token/create, or /item/webhook/update; some products: Dashboard > Developers > Webhooks",
            secret: "one line, `CLIENT_ID:SECRET` of Dashboard > Developers > Keys, `sandbox:` before it for the sandbox: with them the keys are asked for",
            retries: "up to 24 h, each pause four times the last, from 30 s",
        },
        advice: NO_ADVICE,
    },
    signature: &Plaid,
};

#[derive(Debug)]
struct Plaid;

#[derive(Deserialize, Serialize)]
struct Claims {
    iat: i64,
    request_body_sha256: String,
}

/// An answer to the question for a key.
#[derive(Deserialize)]
struct Published {
    key: Key,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    y: String,
    expired_at: Option<i64>,
}

/// The token and the name of its key. The algorithm is not the token's to choose.
fn token(delivery: &Delivery) -> Result<(&str, String), Rejection> {
    let malformed = |problem| Rejection::MalformedHeader {
        header: SIGNATURE,
        problem,
    };
    let token = delivery.headers.get(SIGNATURE);
    let token = token.ok_or(Rejection::MissingHeader(SIGNATURE))?;
    let head = decode_header(token).map_err(|_| malformed("it is no token"))?;
    if head.alg != Algorithm::ES256 {
        return Err(malformed("it is not signed by ES256"));
    }
    let name = jws::key_name(head).ok_or(malformed("it names no key"))?;
    Ok((token, name))
}

/// What the key says that Plaid has published under that name.
fn claims(token: &str, name: &str, text: &[u8], now: Timestamp) -> Result<Claims, Rejection> {
    let published: Published = json::read(text).ok_or(Rejection::UnknownKey)?;
    let key = published.key;
    let has_ended = key.expired_at.is_some_and(|at| at <= now.seconds());
    if key.kid != name || key.kty != "EC" || key.crv != "P-256" || has_ended {
        return Err(Rejection::UnknownKey);
    }
    let key = DecodingKey::from_ec_components(&key.x, &key.y);
    let key = key.map_err(|_| Rejection::UnknownKey)?;
    jws::claims(token, &key, Algorithm::ES256).ok_or(Rejection::Mismatch)
}

impl Signature for Plaid {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let (token, name) = token(delivery)?;
        if keys.secrets.is_empty() {
            return Err(Rejection::Mismatch);
        }
        let text = keys.published.as_deref().ok_or(Rejection::UnknownKey)?;
        let claims = claims(token, &name, text, now)?;
        let skew_seconds = now.seconds().saturating_sub(claims.iat);
        if !(-AGE..=AGE).contains(&skew_seconds) {
            return Err(Rejection::TimestampOutOfTolerance { skew_seconds });
        }
        let digest = hex::encode(sha256(&delivery.body));
        verify_slices_are_equal(digest.as_bytes(), claims.request_body_sha256.as_bytes())
            .map_err(|_| Rejection::BodyHashMismatch)?;
        Ok(0)
    }

    fn published_key(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
    ) -> Result<Option<KeyAddress>, Rejection> {
        let (_, name) = token(delivery)?;
        let secret = secrets.first().ok_or(Rejection::Mismatch)?;
        let secret = std::str::from_utf8(secret.bytes()).map_err(|_| Rejection::Mismatch)?;
        let (host, credentials) = match secret.strip_prefix("sandbox:") {
            Some(rest) => ("https://sandbox.plaid.com", rest),
            None => ("https://production.plaid.com", secret),
        };
        let (client, secret) = credentials.split_once(':').ok_or(Rejection::Mismatch)?;
        let ask = json!({"client_id": client, "secret": secret, "key_id": name});
        Ok(Some(KeyAddress {
            at: Address {
                host: Cow::Borrowed(host),
                path: KEYS.to_owned(),
            },
            id: Some(name),
            mark: "\"key\"",
            ask: Secret::new(ask.to_string()).ok(),
        }))
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let claims = Claims {
            iat: now.seconds(),
            request_body_sha256: hex::encode(sha256(&delivery.body)),
        };
        let header = Header {
            kid: Some(development::CERTIFICATE_NAME.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        let key = development::private_for(scheme::Algorithm::EcdsaP256, secret);
        let key = EncodingKey::from_ec_der(&key.ok_or(NotSignable)?);
        let token = encode(&header, &claims, &key).map_err(|_| NotSignable)?;
        delivery.headers.set(SIGNATURE, token);
        Ok(())
    }

    fn publication(&self, secret: &Secret) -> Option<Publication> {
        let key = development::public_for(scheme::Algorithm::EcdsaP256, secret)?;
        // The point is the end of it: a byte that says so, and the two numbers.
        let (x, y) = key.get(key.len().checked_sub(64)?..)?.split_at(32);
        let text = json!({"key": {
            "alg": "ES256", "use": "sig", "kty": "EC", "crv": "P-256",
            "kid": development::CERTIFICATE_NAME,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            "created_at": 1_735_689_600, "expired_at": null,
        }});
        Some(Publication {
            path: KEYS,
            text: text.to_string().into_bytes(),
        })
    }

    /// The credentials ask for a key, and are no part of a signature.
    fn shown_secret(&self, _: &Delivery) -> Option<Secret> {
        Secret::new("unknown:unknown").ok()
    }

    fn form(&self) -> String {
        format!("`{SIGNATURE}`: a token (JWS, ES256) with the digest of the body, {AGE} s")
    }

    fn secret_of(&self, text: &str) -> Secret {
        Secret::new(format!("sandbox:client:{text}")).expect("it is not blank")
    }
}
