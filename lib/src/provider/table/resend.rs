//! Resend, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, SVIX, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Resend.
///
/// Facts: <https://resend.com/docs/webhooks/introduction>, <https://resend.com/docs/webhooks/retries-and-replays>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "resend",
        title: "Resend",
        answer_within: Duration::from_secs(15),
        ..POSTED
    },
    schemes: &[SVIX, WEBHOOK],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::EitherHeader("svix-id", "webhook-id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Webhooks > Add Webhook",
        secret: "Signing Secret on the webhook's page (whsec_)",
        retries: "at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; manual replay",
    },
    advice: NO_ADVICE,
};
