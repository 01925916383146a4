//! Customer.io, as a row.

use std::time::Duration;

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED, V0};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Place, Scheme, Unit};

/// Customer.io's reporting webhooks.
///
/// Facts: <https://docs.customer.io/integrations/api/webhooks/>,
/// <https://docs.customer.io/integrations/data-out/connections/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "customerio",
        title: "Customer.io",
        answer_within: Duration::from_secs(4),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-CIO-Signature"),
        signed: V0,
        clock: Some(Clock {
            at: At::Header("X-CIO-Timestamp"),
            unit: Unit::Seconds,
            past: A_DAY,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event_id")]],
        kind: &[
            &[
                Piece::Field("object_type"),
                Piece::Text("."),
                Piece::Field("metric"),
            ],
            &[Piece::Field("metric")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Integrations > Reporting Webhooks > Add Reporting Webhook > Webhook Endpoint",
        secret: "Signing key on the webhook's page",
        retries: "with back-off for up to 7 days",
    },
    advice: NO_ADVICE,
};
