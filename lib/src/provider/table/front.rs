//! Front, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_COLON_BODY};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, At, Clock, Encoding, FIVE_MINUTES, Place, Required, Scheme, Unit};
use crate::signature::Hash;

/// Front: webhooks of an application, and of rules, which have no time and SHA-1.
///
/// Facts: <https://dev.frontapp.com/docs/application-webhooks>, <https://dev.frontapp.com/docs/rule-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "front",
        title: "Front",
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Header("X-Front-Signature"),
            encoding: Encoding::Base64,
            signed: TIME_COLON_BODY,
            clock: Some(Clock {
                at: At::Header("X-Front-Request-Timestamp"),
                unit: Unit::Milliseconds,
                past: FIVE_MINUTES,
                future: FIVE_MINUTES,
            }),
            required: &[Required("X-Front-Request-Timestamp", None)],
            ..HMAC_OF_BODY
        },
        Scheme {
            place: Place::Header("X-Front-Signature"),
            encoding: Encoding::Base64,
            algorithm: Algorithm::Hmac(Hash::Sha1),
            ..HMAC_OF_BODY
        },
    ],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::Header("X-Front-Challenge")],
        guard: Guard::Signature,
        answer: Proof::Json(&[("challenge", Value::Header("X-Front-Challenge"))]),
    }],
    naming: Naming {
        id: &[
            &[Piece::Field("payload.id")],
            &[Piece::Field("id")],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Developers > the app > Features > Webhooks > Server URL",
        secret: "the app's signing key: Settings > Developers > the app > Basic information",
        retries: "up to 3 times",
    },
    advice: NO_ADVICE,
};
