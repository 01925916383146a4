//! Chargebee, as a row.

use std::time::Duration;

use super::{BASIC, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Chargebee, by a user and a password. The body is not signed.
///
/// Facts: <https://www.chargebee.com/docs/2.0/webhook_settings.html>,
/// <https://apidocs.chargebee.com/docs/api/events>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "chargebee",
        title: "Chargebee",
        answer_within: Duration::from_secs(20),
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[BASIC],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Settings > Configure Chargebee > Webhooks > Add webhook > Webhook URL",
        secret: "set by you on the same page: Protect webhook URL with basic authentication (user, password)",
        retries: "7 times over 3 days (2, 6, 30 min, 1, 5 h, 1, 2 days)",
    },
    advice: NO_ADVICE,
};
