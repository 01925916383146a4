//! Twitch EventSub, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Form, Part, Place, Scheme, Unit};

/// Twitch EventSub. Its id is signed.
///
/// Facts: <https://dev.twitch.tv/docs/eventsub/handling-webhook-events>,
/// <https://dev.twitch.tv/docs/eventsub/eventsub-reference/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "twitch",
        title: "Twitch EventSub",
        refusal: 403,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Twitch-Eventsub-Message-Signature"),
        form: Form::Prefixed("sha256="),
        signed: &[
            Part::Header("Twitch-Eventsub-Message-Id"),
            Part::Time,
            Part::Body,
        ],
        clock: Some(Clock {
            at: At::Header("Twitch-Eventsub-Message-Timestamp"),
            unit: Unit::Rfc3339,
            past: Some(Duration::from_secs(600)),
            future: None,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::HeaderIs(
            "Twitch-Eventsub-Message-Type",
            "webhook_callback_verification",
        )],
        guard: Guard::Signature,
        answer: Proof::Text(Value::Field("challenge")),
    }],
    naming: Naming {
        id: &[&[Piece::Header("Twitch-Eventsub-Message-Id")]],
        kind: &[
            &[
                Piece::When("subscription.status", "enabled"),
                Piece::Field("subscription.type"),
            ],
            &[
                Piece::Text("revocation."),
                Piece::Field("subscription.type"),
            ],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "no console: transport.callback of POST /helix/eventsub/subscriptions",
        secret: "you choose it (10 to 100 ASCII characters): transport.secret of that call",
        retries: "sent again with the same message id, Twitch-Eventsub-Message-Retry counts; schedule not published",
    },
    advice: NO_ADVICE,
};
