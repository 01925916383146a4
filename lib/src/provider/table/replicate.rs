//! Replicate, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Replicate. The type is the prediction's status.
///
/// Facts: <https://replicate.com/docs/topics/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "replicate",
        title: "Replicate",
        ..POSTED
    },
    schemes: &[WEBHOOK],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("status")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "webhook and webhook_events_filter in POST /v1/predictions",
        secret: "GET /v1/webhooks/default/secret (whsec_); one per account",
        retries: "terminal states: several times with back-off, the last about 1 min later",
    },
    advice: NO_ADVICE,
};
