//! Xero, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Encoding, Place, Scheme};

/// Xero. It tries an endpoint with empty batches, some of them badly signed, and wants 200 and 401.
///
/// Facts: <https://developer.xero.com/documentation/guides/webhooks/overview/>,
/// <https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "xero",
        title: "Xero",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-xero-signature"),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        split: &[Split {
            at: "events",
            then: &[],
        }],
        id: &[&[
            Piece::Field("events.0.resourceId"),
            Piece::Text(":"),
            Piece::Field("events.0.eventType"),
            Piece::Text(":"),
            Piece::Field("events.0.eventDateUtc"),
        ]],
        kind: &[&[
            Piece::Field("events.0.eventCategory"),
            Piece::Text("."),
            Piece::Field("events.0.eventType"),
        ]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "developer.xero.com > My Apps > the app > Webhooks > Delivery URL",
        secret: "Webhooks key on the same page",
        retries: "with decreasing frequency for up to 24 h, then disabled",
    },
    advice: NO_ADVICE,
};
