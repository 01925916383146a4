//! Heroku, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Place, Scheme};

/// Heroku's app webhooks.
///
/// Facts: <https://devcenter.heroku.com/articles/app-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "heroku",
        title: "Heroku",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Heroku-Webhook-Hmac-SHA256"),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[Piece::Field("webhook_metadata.event.id")],
            &[Piece::Field("id")],
        ],
        kind: &[&[
            Piece::Field("resource"),
            Piece::Text("."),
            Piece::Field("action"),
        ]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "heroku webhooks:add -i api:release -l sync -u URL -a APP (or the app's More > View webhooks)",
        secret: "printed once by webhooks:add, or set with -s",
        retries: "sync: up to 72 h; notify: one try",
    },
    advice: NO_ADVICE,
};
