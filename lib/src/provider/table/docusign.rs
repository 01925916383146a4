//! DocuSign Connect, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Place, Scheme};

/// DocuSign Connect, in its JSON form. One signature for each key of the account; any of them will do.
///
/// Facts: <https://developers.docusign.com/platform/webhooks/connect/json-sim-event-model>,
/// <https://developers.docusign.com/platform/webhooks/connect/validate/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "docusign",
        title: "DocuSign Connect",
        answer_within: Duration::from_secs(100),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::NumberedHeaders("X-DocuSign-Signature-"),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[
                Piece::Field("data.envelopeId"),
                Piece::Text(":"),
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Field("generatedDateTime"),
            ],
            &[
                Piece::Field("event"),
                Piece::Text(":"),
                Piece::Field("generatedDateTime"),
                Piece::Text(":"),
                Piece::Digest,
            ],
            &[Piece::Digest],
        ],
        kind: &[&[Piece::Field("event")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Admin > Integrations > Connect > Add configuration > Custom > URL to publish",
        secret: "Admin > Connect > Connect Keys > Add secret key (shown once)",
        retries: "with back-off for days (SIM mode); republish by hand; a failing configuration is disabled after about 14 days",
    },
    advice: NO_ADVICE,
};
