//! Vercel, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Place, Scheme};
use crate::signature::Hash;

/// Vercel, which has nothing better than SHA-1.
///
/// Facts: <https://vercel.com/docs/webhooks>, <https://vercel.com/docs/webhooks/webhooks-api>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "vercel",
        title: "Vercel",
        answer_within: Duration::from_secs(30),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-vercel-signature"),
        algorithm: Algorithm::Hmac(Hash::Sha1),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "team > Settings > Webhooks > Create webhook; integrations: Integration Console > Webhook URL",
        secret: "shown once after creation; for an integration its Client Secret",
        retries: "back-off up to 24 h, then dropped",
    },
    advice: NO_ADVICE,
};
