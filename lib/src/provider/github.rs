//! GitHub: HMAC-SHA256 over the raw body.
//!
//! Facts: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries> and
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Acknowledgement, AddressList, Identity, Later, Malformed, Meaning, Provider};
use crate::delivery::{Delivery, Method};
use crate::dictionary::Dictionary;
use crate::json;
use crate::payload::Payload;
use crate::scheme::{self, Algorithm, Encoding, Form, Key, Part, Place, Scheme};
use crate::secret::Secret;
use crate::signature::Hash;
use crate::timestamp::Timestamp;
use crate::verify::{Rejection, Verified};

/// The only signature that counts. `X-Hub-Signature` (SHA-1) is sent beside it for old receivers
/// and must never become a fallback: a forger would choose it.
static SCHEME: Scheme = Scheme {
    place: Place::Header("X-Hub-Signature-256"),
    form: Form::Prefixed("sha256="),
    encoding: Encoding::Hex,
    algorithm: Algorithm::Hmac(Hash::Sha256),
    keys: &[Key::Text],
    signed: &[Part::Body],
    clock: None,
    required: &[],
};
const EVENT: &str = "X-GitHub-Event";
const DELIVERY: &str = "X-GitHub-Delivery";
const HOOK: &str = "X-GitHub-Hook-ID";

/// GitHub, and GitHub Enterprise Server.
#[derive(Clone, Copy, Debug)]
pub struct GitHub;

#[derive(Deserialize)]
struct Body {
    action: Option<Box<RawValue>>,
}

static DICTIONARIES: [Dictionary; 1] = [Dictionary {
    name: "github-1",
    text: include_bytes!("../../dictionaries/github-1"),
}];

impl Provider for GitHub {
    fn name(&self) -> &'static str {
        "github"
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

    /// The id is the hook's id and the delivery's GUID: the GUID names the event and is shared by
    /// all hooks that hear of it, and a redelivery repeats it.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let delivery = verified.delivery();
        let header = |name| {
            let value = delivery.headers.get(name).filter(|value| !value.is_empty());
            value.ok_or(Malformed::Header(name))
        };
        let (event, guid) = (header(EVENT)?, header(DELIVERY)?);
        let id = match delivery.headers.get(HOOK) {
            Some(hook) => format!("{hook}:{guid}"),
            None => guid.to_owned(),
        };
        let payload = Payload::of(delivery);
        let body: Body = payload.json().ok_or(Malformed::Body("a JSON object"))?;
        let action = body.action.as_deref().map(|raw| raw.get().as_bytes());
        let kind = match action.and_then(json::read::<String>) {
            Some(action) => format!("{event}.{action}"),
            None => event.to_owned(),
        };
        let identity = Identity::checked(id, kind, Malformed::Header(DELIVERY))?;
        Ok(match event {
            "ping" => Meaning::Ping(identity),
            _ => Meaning::Event(identity),
        })
    }

    fn later(&self) -> Later {
        Later::ServiceUnavailable
    }

    /// <https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-githubs-ip-addresses>
    fn address_list(&self) -> Option<AddressList> {
        Some(AddressList {
            host: "https://api.github.com",
            path: "/meta",
            field: "hooks",
        })
    }

    fn dictionaries(&self) -> &'static [Dictionary] {
        &DICTIONARIES
    }

    fn sign(&self, delivery: &mut Delivery, secret: &Secret, now: Timestamp) {
        scheme::sign(&SCHEME, delivery, secret, now).expect("any text is an HMAC's key");
    }
}
