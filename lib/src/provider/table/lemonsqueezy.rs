//! Lemon Squeezy, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Lemon Squeezy. It takes 200 and nothing else.
///
/// Facts: <https://docs.lemonsqueezy.com/help/webhooks/webhook-requests>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "lemonsqueezy",
        title: "Lemon Squeezy",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[
            &[Piece::Field("meta.event_name")],
            &[Piece::Header("X-Event-Name")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Settings > Webhooks > +",
        secret: "typed by you as Signing secret, 6 to 40 characters",
        retries: "3 times (5, 25, 125 s), then failed; resend by dashboard",
    },
    advice: NO_ADVICE,
};
