//! Wise, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Encoding, Key, Place, Scheme};

/// Wise, by its public key. The older SHA-1 signature is never accepted.
///
/// Facts: <https://docs.wise.com/guides/developer/webhooks/event-handling>,
/// <https://docs.wise.com/api-reference/webhook-event>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "wise",
        title: "Wise",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Signature-SHA256"),
        encoding: Encoding::Base64,
        algorithm: Algorithm::Rsa,
        keys: &[Key::Pem],
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::HeaderIs("X-Test-Notification", "true")],
        guard: Guard::Nothing,
        answer: Proof::Empty,
    }],
    naming: Naming {
        id: &[&[Piece::Header("X-Delivery-Id")], &[Piece::Digest]],
        kind: &[&[Piece::Field("event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Webhooks > Create new webhook (profile), or the subscriptions API (application)",
        secret: "none: RSA public keys of sandbox and live are printed in the docs",
        retries: "25 times: 1, 2, 4 min ... 11 times, then daily for two weeks",
    },
    advice: NO_ADVICE,
};
