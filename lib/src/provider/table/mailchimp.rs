//! Mailchimp, as a row.

use super::{IN_BODY, POSTED, TOKEN};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Proof};
use crate::provider::naming::{Body, Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Place, Scheme};

/// Mailchimp, which signs nothing: a secret stands in the URL, as the parameter `key`.
///
/// Facts: <https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "mailchimp",
        title: "Mailchimp",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Query("key"),
        encoding: Encoding::Text,
        ..TOKEN
    }],
    handshakes: &[Handshake {
        method: Method::Get,
        marks: &[],
        guard: Guard::Nothing,
        answer: Proof::Empty,
    }],
    naming: Naming {
        body: Body::JsonOrForm,
        id: &[&[Piece::Digest]],
        kind: &[&[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Audience > More options > Audience settings > Webhooks > Create new webhook > Callback URL",
        secret: "you choose it and put it in the URL (?key=...)",
        retries: "over 75 min at growing intervals",
    },
    advice: NO_ADVICE,
};
