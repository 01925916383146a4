//! QuickBooks, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::provider::split::Split;
use crate::scheme::{Encoding, Place, Scheme};

/// QuickBooks: its array of CloudEvents, and the older form by company.
///
/// Facts: <https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks>,
/// <https://blogs.intuit.com/2025/11/12/upcoming-change-to-webhooks-payload-structure/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "quickbooks",
        title: "QuickBooks",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("intuit-signature"),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        split: &[
            Split { at: "", then: &[] },
            Split {
                at: "eventNotifications",
                then: &[Split {
                    at: "dataChangeEvent.entities",
                    then: &[],
                }],
            },
        ],
        id: &[&[Piece::Field("id")], &[Piece::Digest]],
        kind: &[
            &[Piece::Field("type")],
            &[
                Piece::Field("eventNotifications.0.dataChangeEvent.entities.0.name"),
                Piece::Text("."),
                Piece::Field("eventNotifications.0.dataChangeEvent.entities.0.operation"),
            ],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "developer.intuit.com > the app > Webhooks > Endpoint URL (sandbox and production apart)",
        secret: "Show verifier token on the same page",
        retries: "after 20, 30, 50 min ..., then dropped and the endpoint blacklisted",
    },
    advice: NO_ADVICE,
};
