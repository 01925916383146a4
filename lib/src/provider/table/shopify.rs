//! Shopify, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::{Advice, NO_ADVICE};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Place, Required, Scheme};

/// Shopify: webhooks, and Events (with headers of their own, which count where they are there).
///
/// Id and type stand in headers that are not signed; the id is the same on retries. After the client
/// secret was rotated, the old one may sign for an hour.
///
/// Facts: <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries> and
/// <https://shopify.dev/docs/apps/build/events/verify-deliveries>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "shopify",
        title: "Shopify",
        answer_within: Duration::from_secs(5),
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Header("shopify-hmac-sha256"),
            encoding: Encoding::Base64,
            required: &[
                Required("shopify-topic", None),
                Required("shopify-shop-domain", None),
                Required("shopify-api-version", None),
                Required("shopify-webhook-id", None),
            ],
            ..HMAC_OF_BODY
        },
        Scheme {
            place: Place::Header("X-Shopify-Hmac-Sha256"),
            encoding: Encoding::Base64,
            required: &[
                Required("X-Shopify-Topic", None),
                Required("X-Shopify-Shop-Domain", None),
                Required("X-Shopify-API-Version", None),
                Required("X-Shopify-Webhook-Id", None),
            ],
            ..HMAC_OF_BODY
        },
    ],
    naming: Naming {
        id: &[
            &[Piece::Header("shopify-webhook-id")],
            &[Piece::Header("X-Shopify-Webhook-Id")],
        ],
        kind: &[
            &[
                Piece::Header("shopify-topic"),
                Piece::Text("."),
                Piece::Header("shopify-action"),
            ],
            &[Piece::Header("shopify-topic")],
            &[Piece::Header("X-Shopify-Topic")],
        ],
        ..IN_BODY
    },
    handshakes: &[],
    setup: Setup {
        paste: "the app's configuration, or a subscription by the Admin API",
        secret: "the app's client secret, in its settings",
        retries: "8 times over 4 hours",
    },
    advice: Advice {
        confusions: " (each app has its own client secret; the test notification of the admin is signed \
                     with another)",
        ..NO_ADVICE
    },
};
