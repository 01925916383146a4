//! Monday: a token that claims the URL and a time, and nothing of the body.
//!
//! Webhooks that people make in its boards have no token at all and are refused.
//!
//! Facts: <https://developer.monday.com/api-reference/docs/webhooks> and
//! <https://developer.monday.com/apps/docs/authorization-header>.

use serde::{Deserialize, Serialize};

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::handshake::{Guard, Handshake, Mark, Proof, Value};
use super::naming::{Naming, Piece};
use super::profile::{Acknowledgement, Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::table::{IN_BODY, POSTED};
use super::{Explained, jws};
use crate::delivery::{Delivery, Method};
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "Authorization";

/// The time for which Monday's tokens hold, in seconds.
const LIFE: i64 = 300;

/// Monday: webhooks of apps.
pub static MONDAY: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "monday",
            title: "monday.com",
            acknowledgement: Acknowledgement::Empty,
            covers: Covers::Url,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[Handshake {
            method: Method::Post,
            marks: &[Mark::OnlyMember("challenge")],
            guard: Guard::Nothing,
            answer: Proof::Json(&[("challenge", Value::Field("challenge"))]),
        }],
        naming: Naming {
            id: &[&[Piece::Field("event.triggerUuid")], &[Piece::Digest]],
            kind: &[&[Piece::Field("event.type")], &[Piece::Field("type")]],
            ..IN_BODY
        },
        setup: Setup {
            paste: "board > Integrations > Webhooks, or the create_webhook mutation of an app",
            secret: "app's Signing Secret: Developer Center > the app > Basic information",
            retries: "once a minute for 30 min",
        },
        advice: NO_ADVICE,
    },
    signature: &Monday,
};

#[derive(Debug)]
struct Monday;

#[derive(Deserialize, Serialize)]
struct Claims {
    aud: String,
    exp: i64,
}

impl Signature for Monday {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let token = delivery.headers.get(SIGNATURE);
        let token = token.ok_or(Rejection::MissingHeader(SIGNATURE))?;
        let (secret, claims) = jws::verify::<Claims>(SIGNATURE, token, keys.secrets)?;
        if !delivery.urls.contains(&claims.aud) {
            return Err(Rejection::Mismatch);
        }
        if now.seconds() > claims.exp {
            return Err(Rejection::TimestampOutOfTolerance {
                skew_seconds: now.seconds().saturating_sub(claims.exp),
            });
        }
        Ok(secret)
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let claims = Claims {
            aud: delivery.urls.first().cloned().ok_or(NotSignable)?,
            exp: now.seconds() + LIFE,
        };
        delivery.headers.set(SIGNATURE, jws::sign(&claims, secret)?);
        Ok(())
    }

    fn form(&self) -> String {
        "a token (JWS, HS256) with the URL and the time at which it ends".to_owned()
    }
}
