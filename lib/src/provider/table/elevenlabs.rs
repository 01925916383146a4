//! ElevenLabs, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Form, Place, Scheme, Unit};

/// ElevenLabs' post-call webhooks.
///
/// Facts: <https://elevenlabs.io/docs/eleven-agents/workflows/post-call-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "elevenlabs",
        title: "ElevenLabs",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("ElevenLabs-Signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v0",
        },
        signed: TIME_DOT_BODY,
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Seconds,
            past: Some(Duration::from_secs(1800)),
            future: None,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Webhooks > Create webhook; then pick it under Agents > Settings > Post-call webhook",
        secret: "shown once on creation",
        retries: "none by default; disabled after 10 consecutive failures if the last success is over 7 days ago",
    },
    advice: NO_ADVICE,
};
