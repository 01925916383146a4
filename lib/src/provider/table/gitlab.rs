//! GitLab, as a row.

use super::{IN_BODY, POSTED, TOKEN, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Key, Place, Scheme};

/// GitLab, by a signing token or by the older secret token.
///
/// A request that is signed is judged by its signature, if the source has a signing token (`whsec_...`): it does
/// not fall back to the secret token, which says nothing about the body.
///
/// Facts: <https://docs.gitlab.com/user/project/integrations/webhooks/>,
/// <https://docs.gitlab.com/user/project/integrations/webhook_events/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "gitlab",
        title: "GitLab",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[
        Scheme {
            keys: &[Key::Base64 { prefix: "whsec_" }],
            ..WEBHOOK
        },
        Scheme {
            place: Place::Header("X-Gitlab-Token"),
            form: Form::Whole,
            encoding: Encoding::Text,
            ..TOKEN
        },
    ],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[Piece::Header("webhook-id")],
            &[Piece::Header("Idempotency-Key")],
            &[
                Piece::Header("X-Gitlab-Webhook-UUID"),
                Piece::Text(":"),
                Piece::Header("X-Gitlab-Event-UUID"),
            ],
            &[Piece::Digest],
        ],
        kind: &[
            &[
                Piece::Field("object_kind"),
                Piece::Text("."),
                Piece::Field("object_attributes.action"),
            ],
            &[Piece::Field("object_kind")],
            &[Piece::Field("event_name")],
            &[Piece::Header("X-Gitlab-Event")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "project or group > Settings > Webhooks > Add new webhook > URL",
        secret: "set by you as Secret token on the same page; signing token (whsec_...) generated there where the feature is on",
        retries: "none automatic documented; 4 failures in a row disable for 1 min, growing to 24 h, 40 disable for good",
    },
    advice: NO_ADVICE,
};
