//! Cal.com, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Cal.com. Without a secret the header says `no-secret-provided`, which is no signature.
///
/// Facts: <https://cal.com/docs/developing/guides/automation/webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "calcom",
        title: "Cal.com",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Cal-Signature-256"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[&[Piece::Field("triggerEvent")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Developer > Webhooks > New > Subscriber URL",
        secret: "set by you in the same form (Secret)",
        retries: "none",
    },
    advice: NO_ADVICE,
};
