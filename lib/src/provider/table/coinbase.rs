//! Coinbase Commerce, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Place, Scheme};

/// Coinbase Commerce. The number of the attempt stands in the body, so that a retry has other bytes.
///
/// Facts: <https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview>,
/// <https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-fields>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "coinbase",
        title: "Coinbase Commerce",
        acknowledgement: Acknowledgement::Empty,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-CC-Webhook-Signature"),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("event.id")]],
        kind: &[&[Piece::Field("event.type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "commerce.coinbase.com > Settings > Notifications > Webhook subscriptions > Add an endpoint",
        secret: "Show shared secret on the same page",
        retries: "with back-off, at most 1 h apart, for up to 3 days; attempt_number in the body counts up",
    },
    advice: NO_ADVICE,
};
