//! Auth0 log streams, as a row.

use super::{EACH, IN_BODY, POSTED, TOKEN};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// Auth0's log streams in the format "JSON Array" or "JSON Object", and event streams. The body is not signed.
///
/// Facts: <https://auth0.com/docs/customize/log-streams/custom-log-streams>,
/// <https://auth0.com/docs/customize/events>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "auth0",
        title: "Auth0 log streams",
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Authorization"),
        form: Form::Whole,
        encoding: Encoding::Text,
        ..TOKEN
    }],
    handshakes: &[],
    naming: Naming {
        split: EACH,
        id: &[
            &[Piece::Field("log_id")],
            &[Piece::Field("id")],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("data.type")], &[Piece::Field("type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Monitoring > Streams > Create Stream > Custom Webhook > Payload URL, content format JSON Array; event streams: Event Streams > Create > Webhook",
        secret: "you set it: Authorization Token in the same form (sent as it stands)",
        retries: "a few times on any non-2xx; schedule not published; a stream with lasting failures is paused",
    },
    advice: NO_ADVICE,
};
