//! Slack, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, lookalike};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::{Advice, NO_ADVICE};
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Body, Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Form, Part, Place, Scheme, Unit};

/// Slack: the Events API, commands and interactivity.
///
/// Forms are signed as raw bytes, like JSON. An option list (`block_suggestion`) has no id of its own, so
/// that it goes by its digest. People see what a command is answered, so the answer is empty.
///
/// Facts: <https://docs.slack.dev/authentication/verifying-requests-from-slack/> and
/// <https://docs.slack.dev/apis/events-api/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "slack",
        title: "Slack",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Slack-Signature"),
        form: Form::Prefixed("v0="),
        signed: &[
            Part::Literal("v0:"),
            Part::Time,
            Part::Literal(":"),
            Part::Body,
        ],
        clock: Some(Clock {
            at: At::Header("X-Slack-Request-Timestamp"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        body: Body::JsonOrForm,
        id: &[
            &[Piece::Field("event_id")],
            &[Piece::Field("trigger_id")],
            &[Piece::Digest],
        ],
        kind: &[
            &[Piece::Field("event.type")],
            &[Piece::Field("type")],
            &[Piece::Field("command")],
        ],
        ..IN_BODY
    },
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::FieldIs("type", "url_verification")],
        guard: Guard::Signature,
        answer: Proof::Text(Value::Field("challenge")),
    }],
    setup: Setup {
        paste: "the app's settings: Event Subscriptions, Interactivity and Slash Commands",
        secret: "the app's settings: Basic Information > Signing Secret",
        retries: "3 times: at once, after 1 and 5 minutes",
    },
    advice: Advice {
        confusions: " (each app has its own signing secret, which is none of its tokens)",
        lookalikes: &[
            lookalike("xoxb-", "looks like a bot token"),
            lookalike("xoxp-", "looks like a user token"),
            lookalike("xapp-", "looks like an app token"),
        ],
        ..NO_ADVICE
    },
};
