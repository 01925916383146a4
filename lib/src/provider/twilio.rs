//! Twilio: an HMAC over the public URL followed by the sorted form parameters.
//!
//! Facts: <https://www.twilio.com/docs/usage/security#validating-requests>,
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>,
//! <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys> and
//! <https://www.twilio.com/docs/events/webhook-quickstart>.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Acknowledgement, AddressList, Identity, Malformed, Meaning, Provider, required};
use crate::compression::Dictionary;
use crate::delivery::{Delivery, Headers, Method};
use crate::json::{self, Members};
use crate::limits;
use crate::payload::{FORM, Payload, form_fields};
use crate::secret::Secret;
use crate::signature::{Hash, from_base64, matching_secret, sha256, sign};
use crate::timestamp::Timestamp;
use crate::verify::{Rejection, Verified};

const SIGNATURE: &str = "X-Twilio-Signature";
const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";
const TOKEN: &str = "I-Twilio-Idempotency-Token";
/// The query parameter that ties a body which is not a form to the signed URL.
const BODY_HASH: &str = "bodySHA256";

/// Ten times what Twilio sends. To sort a form of millions of parameters, which anybody can post,
/// would take longer than a function has.
const MAX_PARAMETERS: usize = 1000;

/// Twilio: messaging, voice, status callbacks, and Event Streams.
#[derive(Clone, Copy, Debug)]
pub struct Twilio;

static DICTIONARIES: [Dictionary; 1] = [Dictionary {
    name: "twilio-1",
    text: include_bytes!("../../dictionaries/twilio-1"),
}];

impl Provider for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::Post, Method::Get]
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::Twiml
    }

    fn verify(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<usize, Rejection> {
        let value = required(&delivery.headers, SIGNATURE)?;
        let hash = hash(&delivery.headers)?;
        let signature = from_base64(hash, value).ok_or(Rejection::MalformedHeader {
            header: SIGNATURE,
            problem: "it is not the padded base64 of a whole digest",
        })?;
        check_coverage(delivery)?;
        if secrets.is_empty() {
            return Err(Rejection::Mismatch);
        }
        let parameters = signed_parameters(delivery);
        let signatures = [signature];
        let secret = signed_urls(delivery)
            .find_map(|url| {
                let parts = [url.as_bytes(), parameters.as_bytes()];
                matching_secret(hash, secrets, &parts, &signatures)
            })
            .ok_or(Rejection::Mismatch)?;
        check_body_hash(delivery)?;
        Ok(secret)
    }

    /// The id is the idempotency token, the same on every retry. Products that send none are named
    /// by SID and status: the SID alone stays the same while a message goes from queued to
    /// delivered.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let delivery = verified.delivery();
        let payload = Payload::of(delivery);
        let named = match payload.media_type == FORM || payload.bytes.is_empty() {
            true => name_fields(&payload.fields().into_iter().collect(), &payload)?,
            false => name_json(&payload)?,
        };
        let id = match delivery.headers.get(TOKEN) {
            Some(token) => token.to_owned(),
            None => named.id,
        };
        Identity::checked(id, named.kind, Malformed::Header(TOKEN)).map(Meaning::Event)
    }

    fn address_list(&self) -> Option<AddressList> {
        None
    }

    fn dictionaries(&self) -> &'static [Dictionary] {
        &DICTIONARIES
    }

    fn sign(&self, delivery: &mut Delivery, secret: &Secret, _: Timestamp) {
        if !is_form(delivery) {
            cover_body(delivery);
        }
        let hash = hash(&delivery.headers).unwrap_or(Hash::Sha1);
        let parameters = signed_parameters(delivery);
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

/// Whether the parameters (and not a hash of the body) are what is signed after the URL.
fn is_form(delivery: &Delivery) -> bool {
    delivery.method == Method::Get || delivery.body.is_empty() || delivery.media_type() == FORM
}

/// What can be refused before anything is sorted or hashed: a body that nothing covers, and a form
/// that no product of Twilio's sends.
fn check_coverage(delivery: &Delivery) -> Result<(), Rejection> {
    if !is_form(delivery) {
        return match body_hash(delivery) {
            Some(_) => Ok(()),
            None => Err(Rejection::BodyNotCovered),
        };
    }
    let separators = body(delivery).iter().filter(|byte| **byte == b'&');
    match separators.count() >= MAX_PARAMETERS {
        true => Err(Rejection::TooManyParameters),
        false => Ok(()),
    }
}

/// What follows the URL in the signed string: every key in byte order, each with its distinct
/// values in byte order; nothing for a GET, whose parameters are in the URL, and for a body that a
/// hash in the URL covers.
fn signed_parameters(delivery: &Delivery) -> String {
    if !is_form(delivery) {
        return String::new();
    }
    let distinct: BTreeSet<_> = form_fields(body(delivery)).into_iter().collect();
    distinct
        .into_iter()
        .flat_map(|(key, value)| [key, value])
        .collect()
}

fn body_hash(delivery: &Delivery) -> Option<String> {
    let fields = form_fields(delivery.query.as_bytes());
    fields
        .into_iter()
        .find(|(key, _)| key == BODY_HASH)
        .map(|(_, value)| value)
}

/// A hash in the signed URL counts whatever method and media type are claimed: nothing signs those
/// two, so that whoever has seen a delivery could else send it again as a form or a GET, emptied.
fn check_body_hash(delivery: &Delivery) -> Result<(), Rejection> {
    match body_hash(delivery) {
        Some(hash) if hash.eq_ignore_ascii_case(&hex::encode(sha256(body(delivery)))) => Ok(()),
        Some(_) => Err(Rejection::BodyHashMismatch),
        None => Ok(()),
    }
}

/// The body, which a GET has not.
fn body(delivery: &Delivery) -> &[u8] {
    match delivery.method {
        Method::Get => &[],
        Method::Post | Method::Other => &delivery.body,
    }
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

/// The parameters that name an event.
const NAMING: [&str; 11] = [
    "EventType",
    "RecordingSid",
    "RecordingStatus",
    "MessageSid",
    "SmsSid",
    "MessageStatus",
    "SmsStatus",
    "ErrorCode",
    "CallSid",
    "CallStatus",
    "SequenceNumber",
];

/// The event type by the product's own parameters, and the id that SID and status make.
fn name_fields(
    fields: &BTreeMap<String, String>,
    payload: &Payload<'_>,
) -> Result<Identity, Malformed> {
    let field = |name: &str| {
        fields
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let named = |product: &str, sid: &str, status: &str, suffix: Option<String>| {
        let status = status.to_ascii_lowercase();
        let suffix = suffix
            .map(|suffix| format!(":{suffix}"))
            .unwrap_or_default();
        Identity {
            id: format!("{sid}:{status}{suffix}"),
            kind: format!("{product}.{status}"),
        }
    };
    if fields.is_empty() {
        return Err(Malformed::Body("a form with parameters"));
    }
    if let Some(event) = field("EventType") {
        return Ok(by_digest(payload, event));
    }
    if let (Some(sid), Some(status)) = (field("RecordingSid"), field("RecordingStatus")) {
        return Ok(named("recording", sid, status, None));
    }
    let message = field("MessageSid").or(field("SmsSid"));
    if let (Some(sid), Some(status)) = (message, field("MessageStatus").or(field("SmsStatus"))) {
        return Ok(named(
            "message",
            sid,
            status,
            field("ErrorCode").map(str::to_owned),
        ));
    }
    if let (Some(sid), Some(status)) = (field("CallSid"), field("CallStatus")) {
        // A call asks for instructions many times in one status, so the status is not enough.
        let turn = field("SequenceNumber").map_or_else(|| short_digest(payload), str::to_owned);
        return Ok(named("call", sid, status, Some(turn)));
    }
    Ok(by_digest(payload, "callback"))
}

/// An element of what Event Streams posts: a CloudEvent.
#[derive(Deserialize)]
struct Element {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Event Streams posts an array of CloudEvents: one element is named by its id, several by the
/// digest of the whole. Other products post one object with the parameters of the form.
fn name_json(payload: &Payload<'_>) -> Result<Identity, Malformed> {
    match payload.bytes.trim_ascii_start().first() {
        Some(b'[') => name_elements(payload),
        Some(b'{') => name_object(payload),
        _ => Err(Malformed::Body("a JSON array or object")),
    }
}

fn name_elements(payload: &Payload<'_>) -> Result<Identity, Malformed> {
    let mut elements: Vec<Element> = payload
        .json()
        .ok_or(Malformed::Body("an array with events"))?;
    let kinds: BTreeSet<_> = elements
        .iter()
        .filter_map(|element| element.kind.as_deref())
        .collect();
    let kind = match kinds.first() {
        Some(kind) if kinds.len() == 1 => {
            kind.strip_prefix("com.twilio.").unwrap_or(kind).to_owned()
        }
        _ => "events".to_owned(),
    };
    match elements.as_mut_slice() {
        [element] => match element.id.take() {
            Some(id) => Ok(Identity { id, kind }),
            None => Err(Malformed::Field("id")),
        },
        [] => Err(Malformed::Body("an array with events")),
        _ => Ok(by_digest(payload, &kind)),
    }
}

fn name_object(payload: &Payload<'_>) -> Result<Identity, Malformed> {
    let Members(members) = payload.json().ok_or(Malformed::Body("a JSON object"))?;
    let mut fields = BTreeMap::new();
    for (name, value) in members {
        if !NAMING.contains(&&*name) {
            continue;
        }
        let text = json::read::<String>(value.get().as_bytes()).unwrap_or_default();
        if fields.insert(name, text).is_some() {
            return Err(Malformed::Body("an object whose fields come once"));
        }
    }
    if fields.is_empty() {
        Ok(by_digest(payload, "callback"))
    } else {
        name_fields(&fields, payload)
    }
}

fn by_digest(payload: &Payload<'_>, kind: &str) -> Identity {
    Identity {
        id: format!("sha256:{}", short_digest(payload)),
        kind: kind.to_owned(),
    }
}

fn short_digest(payload: &Payload<'_>) -> String {
    hex::encode(&payload.digest()[..16])
}
