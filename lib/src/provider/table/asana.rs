//! Asana, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Place, Scheme};

/// Asana.
///
/// The first request brings the key by which all others are signed. A batch without events is a sign of life.
///
/// Facts: <https://developers.asana.com/docs/webhooks-guide>,
/// <https://developers.asana.com/reference/createwebhook>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "asana",
        title: "Asana",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hook-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::Header("X-Hook-Secret")],
        guard: Guard::Pairing(Value::Header("X-Hook-Secret")),
        answer: Proof::Header("X-Hook-Secret"),
    }],
    naming: Naming {
        split: &[Split {
            at: "events",
            then: &[],
        }],
        id: &[&[Piece::Digest]],
        kind: &[&[
            Piece::Field("events.0.resource.resource_type"),
            Piece::Text("."),
            Piece::Field("events.0.action"),
        ]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "no console: target of POST /api/1.0/webhooks",
        secret: "the X-Hook-Secret value of the handshake (64 hex characters)",
        retries: "with back-off for up to 24 h, then the webhook is deleted; no replay",
    },
    advice: NO_ADVICE,
};
