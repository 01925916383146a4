//! Mailgun, as a row.

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Part, Place, Scheme, Unit};

/// Mailgun, which signs a time and a token and nothing that happened. So the token names the event: no second one
/// can come under it.
///
/// Facts: <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>,
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>,
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "mailgun",
        title: "Mailgun",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Field("signature.signature"),
        signed: &[
            Part::Field("signature.timestamp"),
            Part::Field("signature.token"),
        ],
        clock: Some(Clock {
            at: At::Field("signature.timestamp"),
            unit: Unit::Seconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("signature.token")]],
        kind: &[&[Piece::Field("event-data.event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Send > Sending > Webhooks > Add webhook (inbound routes are not signed in this form)",
        secret: "HTTP webhook signing key (Send > Sending > Webhooks, or API security)",
        retries: "after 5, 10, 15 min, 1, 2, 4 h",
    },
    advice: NO_ADVICE,
};
