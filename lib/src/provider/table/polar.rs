//! Polar, as a row.

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Key, Scheme};

/// Polar. The key of a secret that somebody chose, or that is older than September 2026, is its text with any prefix;
/// of those that Polar has made since, what its base64 says.
///
/// Facts: <https://polar.sh/docs/integrate/webhooks/delivery> and <https://github.com/polarsource/polar/pull/14117>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "polar",
        title: "Polar",
        ..POSTED
    },
    schemes: &[
        Scheme {
            keys: &[Key::Text],
            ..WEBHOOK
        },
        WEBHOOK,
    ],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("webhook-id")]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Organization Settings > Webhooks > Add Endpoint (format Raw)",
        secret: "generated in the same form, with its prefix whsec_",
        retries: "10 attempts in all, back-off up to 20 min; disabled after 10 consecutive failed deliveries",
    },
    advice: NO_ADVICE,
};
