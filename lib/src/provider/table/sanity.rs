//! Sanity, as a row.

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Encoding, FIVE_MINUTES, Form, Place, Scheme, Unit};

/// Sanity, whose payload its owner's projection makes.
///
/// Facts: <https://www.sanity.io/docs/webhooks>, <https://github.com/sanity-io/webhook-toolkit>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "sanity",
        title: "Sanity",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("sanity-webhook-signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        signed: TIME_DOT_BODY,
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Milliseconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        encoding: Encoding::Base64Url,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("idempotency-key")], &[Piece::Digest]],
        kind: &[&[Piece::Field("_type")], &[Piece::Text("document")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "sanity.io/manage > the project > API > Webhooks > Create webhook",
        secret: "typed by you as Secret in the same form",
        retries: "twice, 30 s apart",
    },
    advice: NO_ADVICE,
};
