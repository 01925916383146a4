//! Stripe: HMAC-SHA256 over timestamp and raw body, in one structured header.
//!
//! Facts: <https://docs.stripe.com/webhooks/signature>, <https://docs.stripe.com/events/how-events-work>
//! and <https://docs.stripe.com/event-destinations#thin-events>.

use serde::Deserialize;

use super::{Acknowledgement, AddressList, Identity, Later, Malformed, Meaning, Provider};
use crate::delivery::{Delivery, Method};
use crate::dictionary::Dictionary;
use crate::json;
use crate::scheme::{
    self, Algorithm, At, Clock, Encoding, FIVE_MINUTES, Form, Key, Part, Place, Scheme, Unit,
};
use crate::secret::Secret;
use crate::signature::Hash;
use crate::timestamp::Timestamp;
use crate::verify::{Rejection, Verified};

/// `t=<unix seconds>,v1=<hex>[,v1=<hex>][,v0=<hex>]`. `v0` is a scheme for test mode without security:
/// to accept it would be a downgrade. The whole secret is the key, its `whsec_` included.
static SCHEME: Scheme = Scheme {
    place: Place::Header("Stripe-Signature"),
    form: Form::Pairs {
        separator: ",",
        name: "v1",
    },
    encoding: Encoding::Hex,
    algorithm: Algorithm::Hmac(Hash::Sha256),
    keys: &[Key::Text],
    signed: &[Part::Time, Part::Literal("."), Part::Body],
    clock: Some(Clock {
        at: At::Pair("t"),
        unit: Unit::Seconds,
        past: FIVE_MINUTES,
        future: FIVE_MINUTES,
    }),
    required: &[],
};

/// Sent when somebody presses "send test ping" on an event destination.
const PING: &str = "v2.core.event_destination.ping";

/// Stripe: snapshot events, thin (v2) events and events of connected accounts.
#[derive(Clone, Copy, Debug)]
pub struct Stripe;

#[derive(Deserialize)]
struct Body {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// The connected account that a Connect event belongs to.
    account: Option<String>,
    /// The same for thin events.
    context: Option<String>,
}

static DICTIONARIES: [Dictionary; 1] = [Dictionary {
    name: "stripe-1",
    text: include_bytes!("../../dictionaries/stripe-1"),
}];

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::Post]
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::Json
    }

    fn verify(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        scheme::verify(&SCHEME, delivery, secrets, now)
    }

    /// The id is the event's own, after its account where it has one: two connected accounts are
    /// two tenants.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let body: Body =
            json::read(&verified.delivery().body).ok_or(Malformed::Body("a Stripe event"))?;
        let id = match body.account.or(body.context) {
            Some(account) => format!("{account}:{}", body.id),
            None => body.id,
        };
        let is_ping = body.kind == PING;
        let identity = Identity::checked(id, body.kind, Malformed::Field("id or type"))?;
        Ok(if is_ping {
            Meaning::Ping(identity)
        } else {
            Meaning::Event(identity)
        })
    }

    fn later(&self) -> Later {
        Later::ServiceUnavailable
    }

    /// <https://docs.stripe.com/ips>
    fn address_list(&self) -> Option<AddressList> {
        Some(AddressList {
            host: "https://stripe.com",
            path: "/files/ips/ips_webhooks.json",
            field: "WEBHOOKS",
        })
    }

    fn dictionaries(&self) -> &'static [Dictionary] {
        &DICTIONARIES
    }

    fn sign(&self, delivery: &mut Delivery, secret: &Secret, now: Timestamp) {
        scheme::sign(&SCHEME, delivery, secret, now).expect("any text is an HMAC's key");
    }
}
