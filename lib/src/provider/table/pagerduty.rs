//! PagerDuty, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Place, Scheme};

/// PagerDuty's V3 webhooks. Any 4xx drops an event at once.
///
/// Facts: <https://developer.pagerduty.com/docs/verifying-webhook-signatures>,
/// <https://support.pagerduty.com/main/docs/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "pagerduty",
        title: "PagerDuty",
        answer_within: Duration::from_secs(5),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-PagerDuty-Signature"),
        form: Form::List {
            separator: ",",
            prefix: "v1=",
        },
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event.id")]],
        kind: &[&[Piece::Field("event.event_type")]],
        ping: Some("pagey.ping"),
        ..IN_BODY
    },
    setup: Setup {
        paste: "Integrations > Generic Webhooks (v3) > New Webhook; or a service's Integrations tab",
        secret: "shown once in the dialog after Add Webhook, or as delivery_method.secret in the answer of the create call",
        retries: "with back-off for up to 48 h; three dropped in a row disable for 24 h",
    },
    advice: NO_ADVICE,
};
