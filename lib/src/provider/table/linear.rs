//! Linear, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Place, Scheme, Unit};

/// Linear.
///
/// The time is `webhookTimestamp` in the signed body; the header `Linear-Timestamp` is not signed.
///
/// Facts: <https://linear.app/developers/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "linear",
        title: "Linear",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Linear-Signature"),
        clock: Some(Clock {
            at: At::Field("webhookTimestamp"),
            unit: Unit::Milliseconds,
            past: Some(Duration::from_secs(60)),
            future: Some(Duration::from_secs(60)),
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("Linear-Delivery")]],
        kind: &[
            &[
                Piece::Field("type"),
                Piece::Text("."),
                Piece::Field("action"),
            ],
            &[Piece::Header("Linear-Event")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > API > Webhooks > New webhook (OAuth apps: on the app's page)",
        secret: "signing secret on the webhook's page (lin_wh_...)",
        retries: "after 1 min, 1 h, 6 h; then the webhook may be disabled",
    },
    advice: NO_ADVICE,
};
