//! Calendly, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_DOT_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, Form, Place, Scheme, Unit};

/// Calendly. There is no id; a retry has the same bytes.
///
/// Facts: <https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures>,
/// <https://developer.calendly.com/api-docs/overview/webhooks/webhook-errors>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "calendly",
        title: "Calendly",
        answer_within: Duration::from_secs(15),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Calendly-Webhook-Signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        signed: TIME_DOT_BODY,
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Seconds,
            past: Some(Duration::from_secs(180)),
            future: None,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "by API only: POST https://api.calendly.com/webhook_subscriptions, url",
        secret: "signing_key: yours in the create call, or the webhook signing key of the OAuth app",
        retries: "back-off for 24 h, or until 24 h after the booking; then the subscription is disabled and must be made again",
    },
    advice: NO_ADVICE,
};
