//! Bitbucket Cloud, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Place, Scheme};

/// Bitbucket Cloud, and Data Center with `X-Request-Id`.
///
/// An event above 256 kB is not sent at all.
///
/// Facts: <https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/>,
/// <https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "bitbucket",
        title: "Bitbucket Cloud",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[Piece::Header("X-Request-UUID")],
            &[Piece::Header("X-Request-Id")],
        ],
        kind: &[&[Piece::Header("X-Event-Key")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "repository or workspace > Settings > Webhooks > Add webhook > URL",
        secret: "set or generated in the same form (Secret)",
        retries: "2 more attempts; X-Attempt-Number counts",
    },
    advice: NO_ADVICE,
};
