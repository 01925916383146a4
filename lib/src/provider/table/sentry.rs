//! Sentry, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Sentry's integration platform. It waits for a second; its time is not signed.
///
/// Facts: <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "sentry",
        title: "Sentry",
        answer_within: Duration::from_secs(1),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Sentry-Hook-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[
            &[
                Piece::Header("Sentry-Hook-Resource"),
                Piece::Text("."),
                Piece::Field("action"),
            ],
            &[Piece::Header("Sentry-Hook-Resource")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Custom Integrations (Developer Settings) > the integration > Webhook URL",
        secret: "client secret on the same page",
        retries: "not documented; 1000 timeouts in 24 h unsubscribe an unpublished integration",
    },
    advice: NO_ADVICE,
};
