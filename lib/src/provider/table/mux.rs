//! Mux, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Form, Place, Scheme, Unit};

/// Mux.
///
/// Facts: <https://www.mux.com/docs/core/verify-webhook-signatures>,
/// <https://www.mux.com/docs/core/listen-for-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "mux",
        title: "Mux",
        answer_within: Duration::from_secs(5),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Mux-Signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        signed: TIME_DOT_BODY,
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: None,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Settings > Webhooks > Create new webhook",
        secret: "Show Signing Secret on the webhook's row",
        retries: "with back-off for 24 h",
    },
    advice: NO_ADVICE,
};
