//! Render, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Render.
///
/// Facts: <https://render.com/docs/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "render",
        title: "Render",
        answer_within: Duration::from_secs(15),
        ..POSTED
    },
    schemes: &[WEBHOOK],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Workspace > Integrations > Webhooks > Create Webhook",
        secret: "signing secret on the webhook's page (whsec_)",
        retries: "8 attempts with back-off, the last about 33 h after the first; mail after 3; then the webhook is disabled",
    },
    advice: NO_ADVICE,
};
