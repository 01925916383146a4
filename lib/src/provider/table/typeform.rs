//! Typeform, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// Typeform. Webhooks made in the dashboard start switched off.
///
/// Facts: <https://www.typeform.com/developers/webhooks/>,
/// <https://www.typeform.com/developers/webhooks/secure-your-webhooks/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "typeform",
        title: "Typeform",
        answer_within: Duration::from_secs(30),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Typeform-Signature"),
        form: Form::Prefixed("sha256="),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event_id")]],
        kind: &[&[Piece::Field("event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "the form > Connect > Webhooks > Add a webhook > Endpoint; then switch it on",
        secret: "set by you: Webhooks > Edit > Secret",
        retries: "429, 408, 503, 423: every 2 to 3 min for 10 h; others a few times with back-off; all failing over 24 h disables",
    },
    advice: NO_ADVICE,
};
