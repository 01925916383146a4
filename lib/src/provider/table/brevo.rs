//! Brevo, as a row.

use super::{BASIC, EACH, IN_BODY, POSTED, TOKEN};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Covers, Later, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// Brevo, by a token or a user and a password. It discards what is answered 5xx, and comes again after 429.
///
/// Facts: <https://developers.brevo.com/docs/transactional-webhooks>,
/// <https://developers.brevo.com/docs/batch-webhooks>, <https://developers.brevo.com/docs/retry-mechanism>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "brevo",
        title: "Brevo",
        later: Later::TooManyRequests,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Header("Authorization"),
            form: Form::Prefixed("Bearer "),
            encoding: Encoding::Text,
            ..TOKEN
        },
        BASIC,
    ],
    handshakes: &[],
    naming: Naming {
        split: EACH,
        id: &[
            &[
                Piece::Field("message-id"),
                Piece::Text(":"),
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Value("ts_event"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[
                Piece::Field("message-id"),
                Piece::Text(":"),
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Value("ts"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[Piece::Digest],
        ],
        kind: &[
            &[Piece::Field("event")],
            &[Piece::Text("sms."), Piece::Field("msg_status")],
            &[Piece::Text("other")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Transactional > Settings > Webhooks > Add a new webhook; or POST /v3/webhooks",
        secret: "you choose it: bearer token (auth of the create call or the form) or user:password in the URL",
        retries: "after 10 min, 1 h, 2 h, 8 h, only on no answer or 429",
    },
    advice: NO_ADVICE,
};
