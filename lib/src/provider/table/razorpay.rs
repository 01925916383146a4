//! Razorpay, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Razorpay. After a change of the secret, retries of older events are signed with the old one.
///
/// Facts: <https://razorpay.com/docs/webhooks/validate-test/>, <https://razorpay.com/docs/webhooks/best-practices>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "razorpay",
        title: "Razorpay",
        answer_within: Duration::from_secs(5),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Razorpay-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Header("x-razorpay-event-id")], &[Piece::Digest]],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Account & Settings > Webhooks > Add new webhook",
        secret: "typed by you into the form as Secret; not shown again",
        retries: "with back-off for 24 h, then the webhook is disabled + mail; replay from the dashboard",
    },
    advice: NO_ADVICE,
};
