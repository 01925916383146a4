//! Zoom, as a row.

use std::time::Duration;

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED, V0};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Form, Place, Scheme, Unit};

/// Zoom. It asks for an HMAC of its token at the start and every 72 hours, and signs that request like an event.
///
/// Facts: <https://developers.zoom.us/docs/api/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "zoom",
        title: "Zoom",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-zm-signature"),
        form: Form::Prefixed("v0="),
        signed: V0,
        clock: Some(Clock {
            at: At::Header("x-zm-request-timestamp"),
            unit: Unit::Seconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::FieldIs("event", "endpoint.url_validation")],
        guard: Guard::Signature,
        answer: Proof::Json(&[
            ("plainToken", Value::Field("payload.plainToken")),
            ("encryptedToken", Value::HexMacOfField("payload.plainToken")),
        ]),
    }],
    naming: Naming {
        id: &[
            &[
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Value("event_ts"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "marketplace.zoom.us > Manage > the app > Features > Access > Event subscriptions > Event notification endpoint URL",
        secret: "secret token: the app > Features > Access (Token)",
        retries: "3 times: after 5 min, 20 min more, 60 min more",
    },
    advice: NO_ADVICE,
};
