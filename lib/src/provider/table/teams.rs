//! Teams outgoing webhook, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Key, Place, Scheme};

/// Outgoing webhooks of Microsoft Teams. The answer is shown in the chat.
///
/// Facts:
/// <https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "teams",
        title: "Teams outgoing webhook",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Fixed {
            media_type: "application/json",
            text: r#"{"type":"message","text":"Received."}"#,
        },
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Authorization"),
        form: Form::Prefixed("HMAC "),
        encoding: Encoding::Base64,
        keys: &[Key::Base64 { prefix: "" }],
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[
                Piece::Field("conversation.id"),
                Piece::Text(":"),
                Piece::Field("id"),
            ],
            &[Piece::Field("id")],
        ],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "the team > Manage team > Apps > Create an outgoing webhook > Callback URL",
        secret: "security token (base64), shown once after Create",
        retries: "none",
    },
    advice: NO_ADVICE,
};
