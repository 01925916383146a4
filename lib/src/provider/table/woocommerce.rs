//! WooCommerce, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Method;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Place, Scheme};

/// WooCommerce.
///
/// Its delivery id is a hash of webhook and second, and not unique. It does not send again, and tries a new webhook
/// with an unsigned form.
///
/// Facts: <https://woocommerce.com/document/webhooks/>,
/// <https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "woocommerce",
        title: "WooCommerce",
        answer_within: Duration::from_secs(60),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-WC-Webhook-Signature"),
        encoding: Encoding::Base64,
        ..HMAC_OF_BODY
    }],
    handshakes: &[Handshake {
        method: Method::Post,
        marks: &[Mark::OnlyFormField("webhook_id")],
        guard: Guard::Nothing,
        answer: Proof::Empty,
    }],
    naming: Naming {
        id: &[&[
            Piece::Header("X-WC-Webhook-Delivery-ID"),
            Piece::Text(":"),
            Piece::Digest,
        ]],
        kind: &[&[Piece::Header("X-WC-Webhook-Topic")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "WooCommerce > Settings > Advanced > Webhooks > Add webhook > Delivery URL",
        secret: "you set it in the field Secret of the same form (default: the API user's consumer secret)",
        retries: "none",
    },
    advice: NO_ADVICE,
};
