//! X, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// X's account activity.
///
/// It asks for an HMAC of its token, unsigned and under the key of the events: only what cannot be an event is
/// signed.
///
/// Facts: <https://docs.x.com/x-api/webhooks/quickstart>, <https://docs.x.com/x-api/account-activity/introduction>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "x",
        title: "X",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-twitter-webhooks-signature"),
        form: Form::Prefixed("sha256="),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Get,
        marks: &[Mark::Parameter("crc_token")],
        guard: Guard::Nothing,
        answer: Proof::Json(&[("response_token", Value::Base64MacOfParameter("crc_token"))]),
    }],
    naming: Naming {
        id: &[&[Piece::Digest]],
        kind: &[
            &[Piece::Member(&[
                "tweet_create_events",
                "favorite_events",
                "follow_events",
                "unfollow_events",
                "block_events",
                "unblock_events",
                "mute_events",
                "unmute_events",
                "user_event",
                "direct_message_events",
                "direct_message_indicate_typing_events",
                "direct_message_mark_read_events",
                "tweet_delete_events",
            ])],
            &[Piece::Text("activity")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "no console: url of POST /2/webhooks",
        secret: "API key secret (consumer secret): developer portal > the app > Keys and tokens",
        retries: "none documented; replay API in paid tiers",
    },
    advice: NO_ADVICE,
};
