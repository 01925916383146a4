//! Netlify: a token that claims the digest of the body.
//!
//! Facts: <https://docs.netlify.com/deploy/deploy-notifications/> and
//! <https://docs.netlify.com/manage/forms/notifications/>.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Naming, Piece};
use super::profile::Profile;
use super::row::Row;
use super::setup::Setup;
use super::table::{IN_BODY, POSTED};
use super::{Explained, jws};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::sha256;
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "X-Webhook-Signature";
const ISSUER: &str = "netlify";

/// Netlify: notifications of deploys and forms.
pub static NETLIFY: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "netlify",
            title: "Netlify",
            ..POSTED
        },
        schemes: &[],
        handshakes: &[],
        naming: Naming {
            id: &[&[Piece::Digest]],
            kind: &[
                &[Piece::Header("X-Netlify-Event")],
                &[Piece::Field("state")],
                &[Piece::Text("notification")],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "Project configuration > Notifications > Add notification > HTTP POST request > URL to notify",
            secret: "you set it: JWS secret token in the same form",
            retries: "not published; 6 failures in a row disable the notification",
        },
        advice: NO_ADVICE,
    },
    signature: &Netlify,
};

#[derive(Debug)]
struct Netlify;

#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    sha256: String,
}

impl Signature for Netlify {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        _: Timestamp,
    ) -> Result<usize, Rejection> {
        let token = delivery.headers.get(SIGNATURE);
        let token = token.ok_or(Rejection::MissingHeader(SIGNATURE))?;
        let (secret, claims) = jws::verify::<Claims>(SIGNATURE, token, keys.secrets)?;
        if claims.iss != ISSUER {
            return Err(Rejection::Mismatch);
        }
        let digest = hex::encode(sha256(&delivery.body));
        let claimed = claims.sha256.to_ascii_lowercase();
        verify_slices_are_equal(digest.as_bytes(), claimed.as_bytes())
            .map_err(|_| Rejection::BodyHashMismatch)?;
        Ok(secret)
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        _: Timestamp,
    ) -> Result<(), NotSignable> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sha256: hex::encode(sha256(&delivery.body)),
        };
        delivery.headers.set(SIGNATURE, jws::sign(&claims, secret)?);
        Ok(())
    }

    fn form(&self) -> String {
        "a token (JWS, HS256) with the digest of the body".to_owned()
    }
}
