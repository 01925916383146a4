//! Discord, as a row.

use std::time::Duration;

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED, TIME_BODY};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, At, Clock, FIVE_MINUTES, Key, Place, Scheme, Unit};

/// Discord: interactions and webhook events.
///
/// An interaction is answered with "more follows", which a handler does with its token within 15 minutes. Discord
/// sends bad signatures now and then and wants to hear 401.
///
/// Facts: <https://docs.discord.com/developers/interactions/overview>,
/// <https://docs.discord.com/developers/events/webhook-events>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "discord",
        title: "Discord",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::NoContent,
        acknowledgements: &[
            (
                "interaction.4",
                Acknowledgement::Fixed {
                    media_type: "application/json",
                    text: r#"{"type":8,"data":{"choices":[]}}"#,
                },
            ),
            (
                "interaction.3",
                Acknowledgement::Fixed {
                    media_type: "application/json",
                    text: r#"{"type":6}"#,
                },
            ),
            (
                "interaction.",
                Acknowledgement::Fixed {
                    media_type: "application/json",
                    text: r#"{"type":5}"#,
                },
            ),
        ],
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Signature-Ed25519"),
        algorithm: Algorithm::Ed25519,
        keys: &[Key::Hex],
        signed: TIME_BODY,
        clock: Some(Clock {
            at: At::Header("X-Signature-Timestamp"),
            unit: Unit::Seconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::FieldIs("type", "1"), Mark::Lacks("event")],
        guard: Guard::Signature,
        answer: Proof::Json(&[("type", Value::Number(1))]),
    }],
    naming: Naming {
        id: &[&[Piece::Field("id")], &[Piece::Digest]],
        kind: &[
            &[Piece::When("type", "0"), Piece::Text("ping")],
            &[Piece::Field("event.type")],
            &[Piece::Text("interaction."), Piece::Value("type")],
        ],
        ping: Some("ping"),
        ..IN_BODY
    },
    setup: Setup {
        paste: "Developer Portal > the app > General Information > Interactions Endpoint URL; or Webhooks > Endpoint URL",
        secret: "public key: General Information > Public Key (64 hex)",
        retries: "webhook events: with back-off for up to 10 min; too many failures stop them",
    },
    advice: NO_ADVICE,
};
