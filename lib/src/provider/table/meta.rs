//! Meta, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Form, Place, Scheme};

/// What a messaging event is, by the member that it has.
const MESSAGING: Piece = Piece::Member(&[
    "entry.0.messaging.0.message",
    "entry.0.messaging.0.postback",
    "entry.0.messaging.0.reaction",
    "entry.0.messaging.0.read",
    "entry.0.messaging.0.delivery",
    "entry.0.messaging.0.optin",
    "entry.0.messaging.0.referral",
    "entry.0.messaging.0.account_linking",
]);

/// Meta: Graph, Messenger, Instagram and WhatsApp Cloud.
///
/// The signature is over the bytes as they are sent, with their escapes. A delivery is a batch: of entries, of
/// changes, of messages. Its SHA-1 signature is for old receivers and never accepted. The source's setting
/// `verify_token` is the text that its owner has entered beside the URL.
///
/// Facts: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>,
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "meta",
        title: "Meta",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Empty,
        refusal: 403,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature-256"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Get,
        marks: &[
            Mark::ParameterIs("hub.mode", "subscribe"),
            Mark::Parameter("hub.challenge"),
        ],
        guard: Guard::VerifyToken("hub.verify_token"),
        answer: Proof::Text(Value::Parameter("hub.challenge")),
    }],
    naming: Naming {
        split: &[Split {
            at: "entry",
            then: &[
                Split {
                    at: "changes",
                    then: &[
                        Split {
                            at: "value.messages",
                            then: &[],
                        },
                        Split {
                            at: "value.statuses",
                            then: &[],
                        },
                    ],
                },
                Split {
                    at: "messaging",
                    then: &[],
                },
            ],
        }],
        id: &[
            &[Piece::Field("entry.0.changes.0.value.messages.0.id")],
            &[
                Piece::Field("entry.0.changes.0.value.statuses.0.id"),
                Piece::Text(":"),
                Piece::Field("entry.0.changes.0.value.statuses.0.status"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[
                Piece::Field("entry.0.messaging.0.message.mid"),
                Piece::Text(":"),
                Piece::Value("entry.0.messaging.0.timestamp"),
            ],
            &[
                Piece::Field("entry.0.messaging.0.postback.mid"),
                Piece::Text(":"),
                Piece::Value("entry.0.messaging.0.timestamp"),
            ],
            &[
                Piece::Field("entry.0.messaging.0.sender.id"),
                Piece::Text(":"),
                Piece::Value("entry.0.messaging.0.timestamp"),
                Piece::Text(":"),
                MESSAGING,
            ],
            &[Piece::Digest],
        ],
        kind: &[
            &[
                Piece::Field("object"),
                Piece::Text(".statuses."),
                Piece::Field("entry.0.changes.0.value.statuses.0.status"),
            ],
            &[
                Piece::Field("object"),
                Piece::Text("."),
                Piece::Field("entry.0.changes.0.field"),
            ],
            &[Piece::Field("object"), Piece::Text("."), MESSAGING],
            &[Piece::Field("object")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "developers.facebook.com > the app > Webhooks (or WhatsApp > Configuration) > Callback URL",
        secret: "App secret: App settings > Basic; the verify token is set by you beside the URL",
        retries: "Graph, Messenger: with falling frequency for 36 h; WhatsApp: up to 7 days",
    },
    advice: NO_ADVICE,
};
