//! Klaviyo, as a row.

use std::time::Duration;

use super::{A_DAY, BODY_TIME, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{At, Clock, FIVE_MINUTES, Place, Scheme, Unit};

/// Klaviyo's system webhooks. Those of its flows are not signed.
///
/// Facts: <https://developers.klaviyo.com/en/docs/working_with_system_webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "klaviyo",
        title: "Klaviyo",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Klaviyo-Signature"),
        signed: BODY_TIME,
        clock: Some(Clock {
            at: At::Header("Klaviyo-Timestamp"),
            unit: Unit::HttpDate,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        split: &[Split {
            at: "data",
            then: &[],
        }],
        id: &[&[Piece::Value("data.0.external_id")]],
        kind: &[&[Piece::Field("data.0.topic")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Webhooks > Create webhook (Advanced KDP) or POST /api/webhooks (apps)",
        secret: "typed by you, at least 16 characters",
        retries: "with back-off, at most 1 h apart; disabled after 48 h of errors",
    },
    advice: NO_ADVICE,
};
