//! Okta event hooks, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, TOKEN};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// Okta's event hooks, by a text that their owner chooses. The body is not signed.
///
/// Facts: <https://developer.okta.com/docs/concepts/event-hooks/>,
/// <https://developer.okta.com/docs/reference/api/event-hooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "okta",
        title: "Okta event hooks",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Authorization"),
        form: Form::Whole,
        encoding: Encoding::Text,
        ..TOKEN
    }],
    handshakes: &[Handshake {
        method: Method::Get,
        marks: &[Mark::Header("x-okta-verification-challenge")],
        guard: Guard::Nothing,
        answer: Proof::Json(&[(
            "verification",
            Value::Header("x-okta-verification-challenge"),
        )]),
    }],
    naming: Naming {
        split: &[Split {
            at: "data.events",
            then: &[],
        }],
        id: &[&[Piece::Field("data.events.0.uuid")]],
        kind: &[&[Piece::Field("data.events.0.eventType")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Workflow > Event Hooks > Create Event Hook > Endpoint URL; then Verify",
        secret: "you set it: authentication field and secret in the same form (sent as Authorization)",
        retries: "at most one",
    },
    advice: NO_ADVICE,
};
