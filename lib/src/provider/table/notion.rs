//! Notion, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Place, Scheme};

/// Notion.
///
/// The first request brings the key by which all others are signed. The number of the attempt stands in the body,
/// so that a retry has other bytes; its id is the same.
///
/// Facts: <https://developers.notion.com/reference/webhooks>,
/// <https://developers.notion.com/reference/webhooks-events-delivery>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "notion",
        title: "Notion",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Notion-Signature"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::OnlyMember("verification_token")],
        guard: Guard::Pairing(Value::Field("verification_token")),
        answer: Proof::Empty,
    }],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "notion.so/profile/integrations > the integration > Webhooks > Create a subscription",
        secret: "the verification_token of the handshake (secret_...)",
        retries: "up to 8 tries with back-off, the last about 24 h after the event; attempt_number changes the bytes",
    },
    advice: NO_ADVICE,
};
