//! Postmark, as a row.

use super::{BASIC, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;

/// Postmark, by the user and password in its URL.
///
/// A message has several recipients, opens and clicks, so that what is said of them belongs to the id. The body is
/// not signed.
///
/// Facts: <https://postmarkapp.com/developer/webhooks/webhooks-overview>,
/// <https://postmarkapp.com/support/article/understanding-inbound-webhook-retries-in-postmark>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "postmark",
        title: "Postmark",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[BASIC],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[
                Piece::Field("RecordType"),
                Piece::Text(":"),
                Piece::Field("MessageID"),
                Piece::Text(":"),
                Piece::Value("ID"),
            ],
            &[
                Piece::Field("RecordType"),
                Piece::Text(":"),
                Piece::Field("MessageID"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[Piece::Field("RecordType"), Piece::Text(":"), Piece::Digest],
            &[Piece::Text("Inbound:"), Piece::Field("MessageID")],
        ],
        kind: &[&[Piece::Field("RecordType")], &[Piece::Text("Inbound")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "the server > the message stream > Webhooks > Add webhook; inbound: stream > Settings > Webhook",
        secret: "you set it: https://user:password@... in the URL",
        retries: "inbound: 10 times in 10.5 h; bounces similar; others 3 times (1, 5, 15 min)",
    },
    advice: NO_ADVICE,
};
