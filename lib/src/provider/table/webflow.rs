//! Webflow, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED, TIME_COLON_BODY};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Place, Scheme, Unit};

/// Webflow. An inventory that goes back says the same again, so that its time belongs to the id. Webhooks made in
/// its dashboard are not signed.
///
/// Facts: <https://developers.webflow.com/data/docs/working-with-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "webflow",
        title: "Webflow",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("x-webflow-signature"),
        signed: TIME_COLON_BODY,
        clock: Some(Clock {
            at: At::Header("x-webflow-timestamp"),
            unit: Unit::Milliseconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[
                Piece::When("triggerType", "ecomm_inventory_changed"),
                Piece::Digest,
                Piece::Text(":"),
                Piece::Header("x-webflow-timestamp"),
            ],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("triggerType")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "POST /v2/sites/{site_id}/webhooks (signed); Site settings > Apps & integrations > Webhooks (unsigned)",
        secret: "client secret of the OAuth app; secretKey in the answer of the create call with a site token",
        retries: "3 attempts, 10 min apart; repeated failure disables",
    },
    advice: NO_ADVICE,
};
