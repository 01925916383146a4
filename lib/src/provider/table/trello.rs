//! Trello, as a row.

use super::{ALIVE, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Encoding, Part, Place, Scheme};
use crate::signature::Hash;

/// Trello, which signs the URL as it was registered and has nothing better than SHA-1.
///
/// Facts: <https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "trello",
        title: "Trello",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::UrlAndBody,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Trello-Webhook"),
        encoding: Encoding::Base64,
        algorithm: Algorithm::Hmac(Hash::Sha1),
        signed: &[Part::Body, Part::Url],
        ..HMAC_OF_BODY
    }],
    handshakes: &[ALIVE],
    naming: Naming {
        id: &[&[Piece::Field("action.id")]],
        kind: &[&[Piece::Field("action.type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "no console: callbackURL of POST /1/webhooks",
        secret: "OAuth (application) secret: trello.com/power-ups/admin > the app > API key > Secret",
        retries: "3 times, after 30, 60, 120 s; 30 days of failures (1000 in a row) disable",
    },
    advice: NO_ADVICE,
};
