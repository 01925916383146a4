//! Twilio: an HMAC over the public URL followed by the sorted form parameters.
//!
//! The parts are signed without anything between them: `split` says which of the requests that make
//! one signed text are accepted, `identity` what names an event.
//!
//! Facts: <https://www.twilio.com/docs/usage/security#validating-requests>,
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>,
//! <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys> and
//! <https://www.twilio.com/docs/events/webhook-quickstart>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::request::{BODY_HASH, body, body_hash, is_form};
use self::split::Parameters;
use super::advice::{Advice, Chooser, Lookalike, NO_ADVICE};
use super::identity::Malformed;
use super::meaning::Meaning;
use super::profile::{Acknowledgement, Covers, Later, Profile};
use super::setup::Setup;
use super::{Explained, Provider, Signer};
use crate::delivery::{Delivery, Headers, Method};
use crate::dictionary::Dictionary;
use crate::keys::Keys;
use crate::limits;
use crate::payload::form_fields;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::{Hash, from_base64, matching_secret, sha256, sign};
use crate::timestamp::Timestamp;
use crate::verified::Verified;

mod identity;
mod request;
mod split;

const SIGNATURE: &str = "X-Twilio-Signature";
const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";

/// Ten times what Twilio sends. To sort a form of millions of parameters, which anybody can post,
/// would take longer than a function has.
const MAX_PARAMETERS: usize = 1000;

/// Twilio: messaging, voice, status callbacks, and Event Streams.
pub static TWILIO: &dyn Explained = &Twilio;

#[derive(Clone, Copy, Debug)]
struct Twilio;

static PROFILE: Profile = Profile {
    name: "twilio",
    title: "Twilio",
    methods: &[Method::Post, Method::Get],
    answer_within: Duration::from_secs(15),
    acknowledgement: Acknowledgement::Fixed {
        media_type: "text/xml",
        text: r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#,
    },
    acknowledgements: &[],
    refusal: 401,
    later: Later::ServiceUnavailable,
    covers: Covers::UrlAndBody,
    addresses: None,
    is_described: false,
    dictionaries: &[Dictionary {
        name: "twilio-1",
        text: include_bytes!("../../dictionaries/twilio-1"),
    }],
};

static SETUP: Setup = Setup {
    paste: "the webhook fields of a phone number, a messaging service, a TwiML app or a sink",
    secret: "the console's Auth Token, under Account > API keys & tokens",
    retries: "once, when it cannot connect; Event Streams for 4 hours with back-off",
};

static ADVICE: Advice = Advice {
    confusions: " (each account and subaccount has its own Auth Token)",
    lookalikes: &[
        Lookalike {
            prefix: "AC",
            length: Some(SID_LENGTH),
            what: "looks like an account SID",
        },
        Lookalike {
            prefix: "SK",
            length: Some(SID_LENGTH),
            what: "looks like an API key's SID",
        },
    ],
    chooser: Some(Chooser {
        header: SETTINGS,
        values: &[
            ("algorithm=HMAC_SHA256", "HMAC_SHA256"),
            ("algorithm=HMAC_SHA1", "HMAC_SHA1"),
        ],
        step: "Pass that header on as Twilio sends it: a SharedKey's signature comes with it.",
    }),
    ..NO_ADVICE
};

/// The length of Twilio's identifiers.
const SID_LENGTH: usize = 34;

impl Provider for Twilio {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        _: Timestamp,
    ) -> Result<usize, Rejection> {
        let value = delivery.headers.get(SIGNATURE);
        let value = value.ok_or(Rejection::MissingHeader(SIGNATURE))?;
        let hash = hash(&delivery.headers)?;
        let signature = from_base64(hash, value).ok_or(Rejection::MalformedHeader {
            header: SIGNATURE,
            problem: "it is not the padded base64 of a whole digest",
        })?;
        check_coverage(delivery)?;
        if keys.secrets.is_empty() {
            return Err(Rejection::Mismatch);
        }
        let parameters = parameters(delivery);
        let signed = signed_text(&parameters);
        let signatures = [signature];
        let secret = signed_urls(delivery)
            .find_map(|url| {
                let parts = [url.as_bytes(), signed.as_bytes()];
                matching_secret(hash, keys.secrets, &parts, &signatures)
            })
            .ok_or(Rejection::Mismatch)?;
        split::check(delivery, &parameters)?;
        Ok(secret)
    }

    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        identity::name(verified.delivery())
    }
}

impl Signer for Twilio {
    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        _: Timestamp,
    ) -> Result<(), NotSignable> {
        if !is_form(delivery) {
            cover_body(delivery);
        }
        let hash = hash(&delivery.headers).unwrap_or(Hash::Sha1);
        let parameters = signed_text(&parameters(delivery));
        let url = delivery
            .urls
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        let digest = sign(
            hash,
            secret.bytes(),
            &[url.as_bytes(), parameters.as_bytes()],
        );
        delivery.headers.set(SIGNATURE, STANDARD.encode(digest));
        Ok(())
    }
}

impl Explained for Twilio {
    fn schemes(&self) -> &'static [Scheme] {
        &[]
    }

    fn secret_of(&self, text: &str) -> Secret {
        Secret::new(text).expect("the text is not blank")
    }

    fn naming(&self) -> (String, String) {
        let id = "SID and status, a call's with its sequence number, or an event's own; else \
                  `I-Twilio-Idempotency-Token`";
        let kind = "product and status: `message.received`";
        (id.to_owned(), kind.to_owned())
    }

    fn form(&self) -> String {
        "base64 with padding: 28 characters, or 44 with HMAC_SHA256".to_owned()
    }

    fn advice(&self) -> &Advice {
        &ADVICE
    }

    fn setup(&self) -> &Setup {
        &SETUP
    }
}

/// The hash that the settings header of SharedKey signing names; SHA-1 without it. The header is
/// not signed, and need not be: which keys count is configured, and none of them signs anything
/// else.
fn hash(headers: &Headers) -> Result<Hash, Rejection> {
    let settings = headers.get(SETTINGS).unwrap_or_default();
    let algorithm = settings
        .split(',')
        .filter_map(|element| element.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("algorithm"))
        .map(|(_, value)| value.trim().to_ascii_uppercase());
    match algorithm.as_deref() {
        None | Some("HMAC_SHA1") => Ok(Hash::Sha1),
        Some("HMAC_SHA256") => Ok(Hash::Sha256),
        Some(_) => Err(Rejection::MalformedHeader {
            header: SETTINGS,
            problem: "it names an unknown algorithm",
        }),
    }
}

/// Refuses what can be refused before anything is sorted or hashed: a body that nothing covers, and a
/// form that no product of Twilio's sends.
fn check_coverage(delivery: &Delivery) -> Result<(), Rejection> {
    if !is_form(delivery) {
        return match body_hash(delivery) {
            Some(_) => Ok(()),
            None => Err(Rejection::BodyNotCovered),
        };
    }
    let separators = body(delivery).iter().filter(|byte| **byte == b'&');
    if separators.count() >= MAX_PARAMETERS {
        Err(Rejection::TooManyParameters)
    } else {
        Ok(())
    }
}

/// The parameters that are signed after the URL: none for a GET, whose parameters are in the URL, and
/// for a body that a hash in the URL covers.
fn parameters(delivery: &Delivery) -> Parameters {
    if is_form(delivery) {
        form_fields(body(delivery)).into_iter().collect()
    } else {
        Parameters::new()
    }
}

/// The text after the URL in the signed string: every key in byte order, each with its distinct values
/// in byte order.
fn signed_text(parameters: &Parameters) -> String {
    let fields = parameters.iter().flat_map(|(key, value)| [&**key, value]);
    fields.collect()
}

/// The URLs that Twilio may have signed for this delivery: few, since each is tried with each secret.
pub fn signed_urls(delivery: &Delivery) -> impl Iterator<Item = String> {
    let forms = delivery.urls.iter().flat_map(|url| signed_forms(url));
    forms.take(limits::SIGNED_URLS)
}

/// The forms in which Twilio may have signed a URL. Its back ends are inconsistent about the port
/// ("without" and "with, 443 or 80 where none is given"), and credentials in the configured URL
/// are signed but never seen in the request line. Nothing else is varied: path and query are
/// signed as they are.
fn signed_forms(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Vec::new();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (userinfo, host_port) = match authority.rsplit_once('@') {
        Some((userinfo, host_port)) => (Some(userinfo), host_port),
        None => (None, authority),
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (host_port, if scheme == "http" { "80" } else { "443" }),
    };
    let mut forms = Vec::with_capacity(4);
    for credentials in [
        userinfo.map(|userinfo| format!("{userinfo}@")),
        Some(String::new()),
    ]
    .into_iter()
    .flatten()
    {
        forms.push(format!("{scheme}://{credentials}{host}{path}"));
        forms.push(format!("{scheme}://{credentials}{host}:{port}{path}"));
    }
    forms
}

/// Puts the hash of the body into the query, in place of one that is there.
fn cover_body(delivery: &mut Delivery) {
    let hash = format!("{BODY_HASH}={}", hex::encode(sha256(&delivery.body)));
    let others = delivery.query.split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| !pair.starts_with(&format!("{BODY_HASH}=")));
    let query = others.chain([hash.as_str()]).collect::<Vec<_>>().join("&");
    for url in &mut delivery.urls {
        let path = url.split('?').next().unwrap_or_default();
        *url = format!("{path}?{query}");
    }
    delivery.query = query;
}
