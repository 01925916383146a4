//! SendGrid, as a row.

use super::{A_DAY, EACH, HMAC_OF_BODY, IN_BODY, POSTED, TIME_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, At, Clock, Encoding, FIVE_MINUTES, Key, Place, Scheme, Unit};

/// SendGrid's event webhook. The body ends with a line break, which is signed too.
///
/// Facts:
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>,
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "sendgrid",
        title: "SendGrid",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Twilio-Email-Event-Webhook-Signature"),
        encoding: Encoding::Base64,
        algorithm: Algorithm::EcdsaP256,
        keys: &[Key::Base64 { prefix: "" }],
        signed: TIME_BODY,
        clock: Some(Clock {
            at: At::Header("X-Twilio-Email-Event-Webhook-Timestamp"),
            unit: Unit::Seconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        split: EACH,
        id: &[&[Piece::Field("sg_event_id")], &[Piece::Digest]],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Mail Settings > Event Webhooks > Create new webhook > Post URL",
        secret: "verification key (public, MFkw...) in the same panel after Signature verification is on",
        retries: "at growing intervals for up to 24 h after the event",
    },
    advice: NO_ADVICE,
};
