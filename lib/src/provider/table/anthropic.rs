//! Anthropic, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Anthropic's managed agents.
///
/// Facts: <https://platform.claude.com/docs/en/managed-agents/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "anthropic",
        title: "Anthropic",
        ..POSTED
    },
    schemes: &[WEBHOOK],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("data.type")], &[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Console > Manage > Webhooks > Add endpoint",
        secret: "shown once on creation (whsec_)",
        retries: "at least one retry with the same id; disabled after about 20 consecutive failures",
    },
    advice: NO_ADVICE,
};
