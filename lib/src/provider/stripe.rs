//! Stripe: HMAC-SHA256 over timestamp and raw body, in one structured header.
//!
//! Facts: <https://docs.stripe.com/webhooks/signature>, <https://docs.stripe.com/events/how-events-work>
//! and <https://docs.stripe.com/event-destinations#thin-events>.

use serde::Deserialize;

use super::{Acknowledgement, Identity, Malformed, Meaning, Provider, TOLERANCE, required};
use crate::compression::Dictionary;
use crate::delivery::{Delivery, Method};
use crate::secret::Secret;
use crate::signature::{Hash, from_hex, matching_secret, sign};
use crate::timestamp::Timestamp;
use crate::verify::{Rejection, Verified};

const SIGNATURE: &str = "Stripe-Signature";
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

/// The header, taken apart: `t=<unix seconds>,v1=<hex>[,v1=<hex>][,v0=<hex>]`.
struct Header<'a> {
    /// As text, because these very characters are signed.
    timestamp: &'a str,
    seconds: i64,
    signatures: Vec<Vec<u8>>,
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
        let header = Header::parse(required(&delivery.headers, SIGNATURE)?)?;
        let skew_seconds = now.seconds().saturating_sub(header.seconds);
        if skew_seconds.unsigned_abs() > TOLERANCE.as_secs() {
            return Err(Rejection::TimestampOutOfTolerance { skew_seconds });
        }
        let parts: [&[u8]; 3] = [header.timestamp.as_bytes(), b".", &delivery.body];
        matching_secret(Hash::Sha256, secrets, &parts, &header.signatures)
            .ok_or(Rejection::Mismatch)
    }

    /// The id is the event's own, after its account where it has one: two connected accounts are
    /// two tenants.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let body: Body = serde_json::from_slice(&verified.delivery().body)
            .map_err(|_| Malformed::Body("a Stripe event"))?;
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

    fn dictionaries(&self) -> &'static [Dictionary] {
        &DICTIONARIES
    }

    fn sign(&self, delivery: &mut Delivery, secret: &Secret, now: Timestamp) {
        let timestamp = now.seconds().to_string();
        let parts: [&[u8]; 3] = [timestamp.as_bytes(), b".", &delivery.body];
        let digest = hex::encode(sign(Hash::Sha256, secret, &parts));
        delivery
            .headers
            .set(SIGNATURE, format!("t={timestamp},v1={digest}"));
    }
}

impl<'a> Header<'a> {
    /// Takes the header apart as Stripe's libraries do: split at commas, then at the first `=`,
    /// nothing trimmed, unknown names ignored. `v0` among them: it is a scheme for test mode
    /// without security, and to accept it would be a downgrade.
    fn parse(value: &'a str) -> Result<Self, Rejection> {
        let malformed = |problem| Rejection::MalformedHeader {
            header: SIGNATURE,
            problem,
        };
        let named = |name| {
            let elements = value
                .split(',')
                .filter_map(|element| element.split_once('='));
            elements
                .filter(move |(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        // Stripe's own libraries disagree on which of two timestamps counts.
        let timestamp = match (named("t").next(), named("t").nth(1)) {
            (Some(timestamp), None) => timestamp,
            (None, _) => return Err(malformed("it has no timestamp t=")),
            (Some(_), Some(_)) => return Err(malformed("it has two timestamps")),
        };
        if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed("its timestamp is not a number"));
        }
        let seconds = timestamp
            .parse()
            .map_err(|_| malformed("its timestamp is out of range"))?;
        let signatures: Vec<_> = named("v1")
            .filter_map(|text| from_hex(Hash::Sha256, text))
            .collect();
        if signatures.is_empty() {
            return Err(malformed("it has no v1= with 64 hexadecimal digits"));
        }
        Ok(Self {
            timestamp,
            seconds,
            signatures,
        })
    }
}
