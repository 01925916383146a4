//! incident.io, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// incident.io.
///
/// Facts: <https://docs.incident.io/integrations/webhooks>, <https://api-docs.incident.io/tag/Webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "incidentio",
        title: "incident.io",
        answer_within: Duration::from_secs(15),
        ..POSTED
    },
    schemes: &[WEBHOOK],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Webhooks > Add Endpoint",
        secret: "Signing Secret on the endpoint's page (whsec_)",
        retries: "with back-off over 24 h; endpoint disabled after 5 days of failures",
    },
    advice: NO_ADVICE,
};
