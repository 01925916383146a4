//! Paddle Billing, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_COLON_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Form, Place, Scheme, Unit};

/// Paddle Billing. Its libraries allow an age of five seconds.
///
/// Facts: <https://developer.paddle.com/webhooks/about/respond-to-webhooks>,
/// <https://developer.paddle.com/webhooks/signature-verification>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "paddle",
        title: "Paddle Billing",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Paddle-Signature"),
        form: Form::Pairs {
            separator: ";",
            name: "h1",
        },
        signed: TIME_COLON_BODY,
        clock: Some(Clock {
            at: At::Pair("ts"),
            unit: Unit::Seconds,
            past: Some(Duration::from_secs(5)),
            future: None,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event_id")]],
        kind: &[&[Piece::Field("event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Developer tools > Notifications > New destination > URL",
        secret: "the destination > Edit > Secret key (pdl_ntfset_...)",
        retries: "live: 60 times over 3 days; sandbox: 3 times in 15 min; replay by hand",
    },
    advice: NO_ADVICE,
};
