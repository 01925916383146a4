//! Stripe, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED, lookalike};
use crate::dictionary::Dictionary;
use crate::provider::Explained;
use crate::provider::advice::{Advice, Indented, NO_ADVICE};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{AddressList, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Form, Part, Place, Scheme, Unit};

/// Stripe: snapshot events, thin (v2) events and events of connected accounts.
///
/// `v0` is a signature for test mode without security: to accept it would be a downgrade. The whole
/// secret is the key, its `whsec_` included. The id is the event's own, after its account where it
/// has one: two connected accounts are two tenants. The ping is sent when somebody presses "send test
/// ping" on an event destination.
///
/// Facts: <https://docs.stripe.com/webhooks/signature>, <https://docs.stripe.com/events/how-events-work>,
/// <https://docs.stripe.com/event-destinations#thin-events> and <https://docs.stripe.com/ips>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "stripe",
        title: "Stripe",
        addresses: Some(AddressList {
            host: "https://stripe.com",
            path: "/files/ips/ips_webhooks.json",
            field: "WEBHOOKS",
        }),
        dictionaries: &[Dictionary {
            name: "stripe-1",
            text: include_bytes!("../../../dictionaries/stripe-1"),
        }],
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Stripe-Signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        signed: &[Part::Time, Part::Literal("."), Part::Body],
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        id: &[
            &[
                Piece::Field("account"),
                Piece::Text(":"),
                Piece::Field("id"),
            ],
            &[
                Piece::Field("context"),
                Piece::Text(":"),
                Piece::Field("id"),
            ],
            &[Piece::Field("id")],
        ],
        kind: &[&[Piece::Field("type")]],
        ping: Some("v2.core.event_destination.ping"),
        ..IN_BODY
    },
    handshakes: &[],
    setup: Setup {
        paste: "Workbench > Webhooks > Add destination",
        secret: "shown on the destination's page, begins with whsec_",
        retries: "3 days with back-off; in a sandbox 3 times over some hours",
    },
    advice: Advice {
        confusions: " (each endpoint, test mode and the Stripe CLI have their own)",
        lookalikes: &[
            lookalike("sk_", "looks like an API key"),
            lookalike("rk_", "looks like an API key"),
            lookalike("pk_", "looks like an API key"),
            lookalike("we_", "looks like an endpoint's id"),
        ],
        prefix: Some("whsec_"),
        void: Some(("v0=", "a test scheme without security")),
        // Thin events come in one line.
        indented: Some(Indented {
            with: "\"evt_",
            without: "v2.core.event",
        }),
        ..NO_ADVICE
    },
};
