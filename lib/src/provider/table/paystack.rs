//! Paystack, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Place, Scheme};
use crate::signature::Hash;

/// Paystack, whose key is the API's secret key.
///
/// Facts: <https://paystack.com/docs/payments/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "paystack",
        title: "Paystack",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-paystack-signature"),
        algorithm: Algorithm::Hmac(Hash::Sha512),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Value("data.id"),
            ],
            &[
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Field("data.reference"),
            ],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Settings > API Keys & Webhooks > Test or Live Webhook URL",
        secret: "the API secret key of the same page signs (no own webhook secret)",
        retries: "live: every 3 min for 4 tries, then hourly for 72 h; test: hourly for 10 h",
    },
    advice: NO_ADVICE,
};
