//! Dropbox, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Dropbox. A delivery says whose files have changed and nothing else, so that the next one is often the same to
/// the last byte: each second's is an event of its own.
///
/// Facts: <https://www.dropbox.com/developers/reference/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "dropbox",
        title: "Dropbox",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Dropbox-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Get,
        marks: &[Mark::Parameter("challenge")],
        guard: Guard::Nothing,
        answer: Proof::Text(Value::Parameter("challenge")),
    }],
    naming: Naming {
        id: &[&[Piece::Digest, Piece::Text(":"), Piece::Received]],
        kind: &[&[Piece::Text("changed")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "dropbox.com/developers/apps > the app > Settings > Webhook URIs",
        secret: "App secret on the same page",
        retries: "with back-off; many failures disable the webhook",
    },
    advice: NO_ADVICE,
};
