//! OpenAI, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// OpenAI.
///
/// Facts: <https://platform.openai.com/docs/guides/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "openai",
        title: "OpenAI",
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
        paste: "Platform > Settings > the project > Webhooks > Create",
        secret: "shown once on creation (whsec_)",
        retries: "with back-off for up to 72 h",
    },
    advice: NO_ADVICE,
};
