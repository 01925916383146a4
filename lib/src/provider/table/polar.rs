//! Polar, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Key, Scheme};

/// Polar, whose key is the secret's text as it is.
///
/// Facts: <https://polar.sh/docs/integrate/webhooks/delivery>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "polar",
        title: "Polar",
        ..POSTED
    },
    schemes: &[Scheme {
        keys: &[Key::Text],
        ..WEBHOOK
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Organization Settings > Webhooks > Add Endpoint (format Raw)",
        secret: "set by you or generated in the same form; used as text, with any prefix",
        retries: "10 attempts in all, back-off up to 20 min; disabled after 10 consecutive failed deliveries",
    },
    advice: NO_ADVICE,
};
