//! GoCardless, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Place, Scheme};

/// GoCardless. A bad signature is answered 498.
///
/// Facts: <https://developer.gocardless.com/getting-started/stay-up-to-date-with-webhooks-v2/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "gocardless",
        title: "GoCardless",
        refusal: 498,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Webhook-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        split: &[Split {
            at: "events",
            then: &[],
        }],
        id: &[&[Piece::Field("events.0.id")]],
        kind: &[&[
            Piece::Field("events.0.resource_type"),
            Piece::Text("."),
            Piece::Field("events.0.action"),
        ]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Developers > Create > Webhook endpoint",
        secret: "set by you or generated in the same form; shown on the endpoint's page",
        retries: "up to 8 times (1, 2, 10 min ...); resend by API or dashboard",
    },
    advice: NO_ADVICE,
};
