//! Box, as a row.

use std::time::Duration;

use super::{BODY_TIME, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Encoding, Place, Required, Scheme, Unit};

/// The age that Box's libraries allow. The newest take no time ahead of theirs at all, and clocks differ.
const TEN_MINUTES: Option<Duration> = Some(Duration::from_secs(600));

/// Box's V2 webhooks. Two keys sign side by side; either will do.
///
/// Facts: <https://developer.box.com/guides/webhooks/v2/>,
/// <https://developer.box.com/guides/webhooks/v2/signatures-v2>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "box",
        title: "Box",
        answer_within: Duration::from_secs(30),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Headers(&["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"]),
        encoding: Encoding::Base64,
        signed: BODY_TIME,
        clock: Some(Clock {
            at: At::Header("BOX-DELIVERY-TIMESTAMP"),
            unit: Unit::Rfc3339,
            past: TEN_MINUTES,
            future: TEN_MINUTES,
        }),
        required: &[
            Required("BOX-SIGNATURE-VERSION", Some("1")),
            Required("BOX-SIGNATURE-ALGORITHM", Some("HmacSHA256")),
        ],
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("trigger")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Developer Console > the app > Webhooks > Create webhook > URL address",
        secret: "Webhooks tab > Manage signature keys > primary and secondary key",
        retries: "up to 10 times, first after 5 min, then with back-off; then dropped",
    },
    advice: NO_ADVICE,
};
