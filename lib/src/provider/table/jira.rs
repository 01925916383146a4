//! Jira, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Place, Scheme};

/// The names of Jira's events, however they are signed.
pub(in crate::provider) const NAMING: Naming = Naming {
    id: &[
        &[Piece::Header("X-Atlassian-Webhook-Identifier")],
        &[Piece::Digest],
    ],
    kind: &[&[Piece::Field("webhookEvent")]],
    ..IN_BODY
};

/// Jira Cloud: webhooks of an administrator with a secret.
///
/// Facts: <https://developer.atlassian.com/cloud/jira/platform/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "jira",
        title: "Jira",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: NAMING,
    setup: Setup {
        paste: "Jira settings > System > WebHooks > Create a WebHook > URL",
        secret: "set by you in the same form (Secret); only admin webhooks with a secret have X-Hub-Signature, and those of Connect apps are `jiraconnect`",
        retries: "up to 5 times, 5 to 15 min apart",
    },
    advice: NO_ADVICE,
};
