//! CircleCI, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Form, Place, Scheme};

/// CircleCI's outbound webhooks.
///
/// Facts: <https://circleci.com/docs/guides/integration/outbound-webhooks/>,
/// <https://circleci.com/docs/reference/outbound-webhooks-reference/>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "circleci",
        title: "CircleCI",
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("circleci-signature"),
        form: Form::List {
            separator: ",",
            prefix: "v1=",
        },
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("id")]],
        kind: &[&[Piece::Field("type")]],
        ping: Some("ping"),
        ..IN_BODY
    },
    setup: Setup {
        paste: "Project Settings > Webhooks > Add Webhook (at most 5)",
        secret: "typed by you as Secret token in the same form",
        retries: "retried, schedule not published",
    },
    advice: NO_ADVICE,
};
