//! Buildkite, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY, TOKEN};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Encoding, FIVE_MINUTES, Form, Place, Scheme, Unit};

/// Buildkite, by a signature or by a token, as its owner has chosen.
///
/// Facts: <https://buildkite.com/docs/apis/webhooks/pipelines>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "buildkite",
        title: "Buildkite",
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Header("X-Buildkite-Signature"),
            form: Form::Pairs {
                separator: ",",
                name: "signature",
            },
            signed: TIME_DOT_BODY,
            clock: Some(Clock {
                at: At::Pair("timestamp"),
                unit: Unit::Seconds,
                past: FIVE_MINUTES,
                future: FIVE_MINUTES,
            }),
            ..HMAC_OF_BODY
        },
        Scheme {
            place: Place::Header("X-Buildkite-Token"),
            form: Form::Whole,
            encoding: Encoding::Text,
            ..TOKEN
        },
    ],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[
            &[Piece::Field("event")],
            &[Piece::Header("X-Buildkite-Event")],
        ],
        ping: Some("ping"),
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Notification Services > Webhook > Add (organization admins)",
        secret: "Token of the webhook service's page; choose Send an HMAC signature there",
        retries: "none documented",
    },
    advice: NO_ADVICE,
};
