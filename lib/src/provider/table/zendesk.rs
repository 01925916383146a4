//! Zendesk, as a row.

use std::time::Duration;

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED, TIME_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Encoding, FIVE_MINUTES, Place, Scheme, Unit};

/// Zendesk: events, and webhooks of triggers and automations, whose payload its owner writes.
///
/// Facts: <https://developer.zendesk.com/documentation/webhooks/verifying/>,
/// <https://developer.zendesk.com/api-reference/webhooks/introduction/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "zendesk",
        title: "Zendesk",
        answer_within: Duration::from_secs(12),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Zendesk-Webhook-Signature"),
        encoding: Encoding::Base64,
        signed: TIME_BODY,
        clock: Some(Clock {
            at: At::Header("X-Zendesk-Webhook-Signature-Timestamp"),
            unit: Unit::Rfc3339,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[Piece::Has("zendesk_event_version"), Piece::Field("id")],
            &[Piece::Header("X-Zendesk-Webhook-Invocation-Id")],
        ],
        kind: &[
            &[Piece::Has("zendesk_event_version"), Piece::Field("type")],
            &[Piece::Text("trigger")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Admin Center > Apps and integrations > Webhooks > Create webhook > Endpoint URL",
        secret: "Admin Center > the webhook > Reveal secret, or GET /api/v2/webhooks/{id}/signing_secret",
        retries: "409 up to 3 times, timeouts up to 5 times; many errors open a circuit breaker",
    },
    advice: NO_ADVICE,
};
