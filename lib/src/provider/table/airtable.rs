//! Airtable, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Key, Place, Scheme};

/// Airtable. A delivery says that there is something to fetch. The webhook expires after seven days.
///
/// Facts: <https://airtable.com/developers/web/api/webhooks-overview>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "airtable",
        title: "Airtable",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Airtable-Content-MAC"),
        form: Form::Prefixed("hmac-sha256="),
        keys: &[Key::Base64 { prefix: "" }],
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[
            Piece::Field("webhook.id"),
            Piece::Text(":"),
            Piece::Field("timestamp"),
        ]],
        kind: &[&[Piece::Text("changed")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "by API only: POST /v0/bases/{baseId}/webhooks, notificationUrl; expires after 7 days without refresh",
        secret: "macSecretBase64 in the answer of the create call, once",
        retries: "with back-off, then notifications are switched off; payloads are kept 7 days",
    },
    advice: NO_ADVICE,
};
