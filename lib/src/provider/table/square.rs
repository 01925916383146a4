//! Square, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Part, Place, Scheme};

/// Square, which signs the URL as it was entered.
///
/// Facts: <https://developer.squareup.com/docs/webhooks/step3validate>,
/// <https://developer.squareup.com/docs/webhooks/troubleshooting>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "square",
        title: "Square",
        covers: Covers::UrlAndBody,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-square-hmacsha256-signature"),
        encoding: Encoding::Base64,
        signed: &[Part::Url, Part::Body],
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event_id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Developer Console > the app > Webhooks > Subscriptions > Add subscription",
        secret: "Signature key on the subscription's page (Show)",
        retries: "after 1, 2, 4, 8, 16, 32 min, then about hourly, for 24 to 72 h (pages differ); three weeks without a 2xx disable the subscription",
    },
    advice: NO_ADVICE,
};
