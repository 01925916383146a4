//! Standard Webhooks, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, STANDARD};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Any sender that keeps to the Standard Webhooks specification, with its own headers or Svix's.
///
/// Facts: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "standardwebhooks",
        title: "Standard Webhooks",
        answer_within: Duration::from_secs(15),
        ..POSTED
    },
    schemes: STANDARD,
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::EitherHeader("webhook-id", "svix-id")]],
        kind: &[
            &[Piece::Field("type")],
            &[Piece::Field("event_type")],
            &[Piece::Field("eventType")],
            &[Piece::Text("event")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "depends on the sender",
        secret: "whsec_ + base64 (symmetric) or whpk_ + base64 (public key)",
        retries: "recommended: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; endpoint disabled after 5 days of failures",
    },
    advice: NO_ADVICE,
};
