//! Brex, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Brex.
///
/// Facts: <https://developer.brex.com/docs/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "brex",
        title: "Brex",
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
        paste: "POST /v1/webhooks with url and event_types",
        secret: "GET /v1/webhooks/secrets; two during a rotation",
        retries: "retried, schedule not published",
    },
    advice: NO_ADVICE,
};
