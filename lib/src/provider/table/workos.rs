//! WorkOS, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Form, Place, Scheme, Unit};

/// WorkOS.
///
/// Facts: <https://workos.com/docs/events/data-syncing/webhooks>, <https://workos.com/docs/events>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "workos",
        title: "WorkOS",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("WorkOS-Signature"),
        form: Form::Pairs {
            separator: ", ",
            name: "v1",
        },
        signed: TIME_DOT_BODY,
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Milliseconds,
            past: Some(Duration::from_secs(180)),
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "dashboard.workos.com > Webhooks > Create Webhook > Endpoint URL",
        secret: "signing secret on the webhook's page",
        retries: "with back-off, 6 to 12 times over 3 days (pages differ)",
    },
    advice: NO_ADVICE,
};
