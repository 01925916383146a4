//! Intercom, as a row.

use std::time::Duration;

use super::{ALIVE, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Form, Place, Scheme};
use crate::signature::Hash;

/// Intercom, which has nothing better than SHA-1.
///
/// Facts: <https://developers.intercom.com/docs/webhooks/webhook-notifications>,
/// <https://developers.intercom.com/docs/references/webhooks/webhook-models>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "intercom",
        title: "Intercom",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature"),
        form: Form::Prefixed("sha1="),
        algorithm: Algorithm::Hmac(Hash::Sha1),
        ..HMAC_OF_BODY
    }],
    handshakes: &[ALIVE],
    naming: Naming {
        id: &[&[Piece::Field("id")], &[Piece::Digest]],
        kind: &[&[Piece::Field("topic")]],
        ping: Some("ping"),
        ..IN_BODY
    },
    setup: Setup {
        paste: "Developer Hub > the app > Configure > Webhooks > Endpoint URL",
        secret: "client secret: Developer Hub > the app > Basic information",
        retries: "once after 1 min; 429 throttles; 1000 errors in a row in 15 min pause 15 min; 7 days of errors suspend (private apps)",
    },
    advice: NO_ADVICE,
};
