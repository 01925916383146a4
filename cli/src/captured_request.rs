//! A captured request as JSON: the form of one case in `signatures.json`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::keys::Keys;
use webhooks::provider::Explained;
use webhooks::published_keys::{NoKey, PublishedKeys};
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

/// A captured request and what it is to be checked with.
#[derive(Debug)]
pub struct CapturedRequest {
    /// The request.
    pub delivery: Delivery,
    /// The configured secrets, the current one first; at least one, but for a source that waits for its
    /// first.
    pub secrets: Vec<Secret>,
    /// The source's setting `verify_token`.
    pub verify_token: Option<Secret>,
    /// Whether the source waits for its secret.
    pub pairing: bool,
    /// What providers publish, by its address.
    pub published: BTreeMap<String, String>,
    /// When the request arrived, where the file says so.
    pub now: Option<Timestamp>,
    /// The URL that the request came with, where `config.configured_url` took its place.
    pub replaced_url: Option<String>,
}

/// A case of a vector file, by what it says about itself.
#[derive(Debug)]
pub struct Vector<'a> {
    /// Which case it is.
    pub id: &'a str,
    /// A description of what it shows; may be empty.
    pub name: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// True if the signature should hold.
    pub valid: bool,
    /// The provider's own libraries disagree, so that either answer is right.
    pub ambiguous: bool,
}

/// A field is missing, or it is not what it should be. Says nothing of the field's value, which
/// may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct BadField {
    field: String,
    problem: &'static str,
}

impl BadField {
    fn new(field: impl Into<String>, problem: &'static str) -> Self {
        let field = field.into();
        Self { field, problem }
    }
}

impl fmt::Display for BadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the field {} {}", self.field, self.problem)
    }
}

impl std::error::Error for BadField {}

const MISSING: &str = "is missing";
const OTHER_EVENT: &str = "belongs to an event of a REST API, of a load balancer, or of an HTTP API with payload \
    format 1.0: the functions read format 2.0 (PayloadFormatVersion: \"2.0\"). To check this request, write its method, url, \
    headers and body";
const NOT_TEXT: &str = "is not a string";

impl CapturedRequest {
    /// Reads the fields of a request.
    ///
    /// # Errors
    /// [`BadField`] with the first field that is missing or unusable.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, BadField> {
        if fields.contains_key("httpMethod") {
            return Err(BadField::new("httpMethod", OTHER_EVENT));
        }
        let method = required(fields, "method")?.to_ascii_uppercase();
        let (url, replaced_url) = urls(fields)?;
        let query = url
            .split_once('?')
            .map_or("", |(_, query)| query)
            .to_owned();
        Ok(Self {
            delivery: Delivery {
                method: Method::parse(&method),
                urls: vec![url],
                query,
                headers: headers(fields)?,
                body: body(fields)?,
            },
            secrets: secrets(fields)?,
            verify_token: configured(fields, "verify_token")?
                .and_then(|token| Secret::new(token).ok()),
            pairing: is_paired(fields)?,
            published: published(fields)?,
            now: now(fields)?,
            replaced_url,
        })
    }
}

impl CapturedRequest {
    /// The keys that a form of the request is held against.
    pub fn keys<'a>(
        &'a self,
        provider: &dyn Explained,
        delivery: &Delivery,
        secrets: &'a [Secret],
    ) -> Keys<'a> {
        let address = provider.published_key(delivery, secrets).ok().flatten();
        let text = address.and_then(|address| self.published.get(&address.name()));
        Keys {
            secrets,
            published: text.map(|text| Cow::Borrowed(text.as_bytes())),
        }
    }

    /// Reads the key that the request names from where its provider publishes it, unless it is at hand. One
    /// that the provider does not know stays away.
    ///
    /// # Errors
    /// A message that says how to give it, when it cannot be read.
    pub async fn read_key(
        &mut self,
        provider: &dyn Explained,
        now: Timestamp,
    ) -> Result<(), String> {
        let address = provider.published_key(&self.delivery, &self.secrets);
        let Some(address) = address.ok().flatten() else {
            return Ok(());
        };
        if let Entry::Vacant(place) = self.published.entry(address.name()) {
            match PublishedKeys::default().text(&address, now).await {
                Ok(text) => {
                    place.insert(String::from_utf8_lossy(&text).into_owned());
                }
                Err(NoKey::Unknown) => {}
                Err(problem) => {
                    let name = address.name();
                    return Err(format!(
                        "{problem}; give what is published: \"fetch\": {{\"{name}\": \"...\"}}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Takes the key that a provider publishes in development.
    pub(crate) fn take_development_key(&mut self, provider: &dyn Explained) {
        let address = provider.published_key(&self.delivery, &self.secrets);
        let published = development::keys(provider, &self.secrets).published;
        if let (Some(address), Some(key)) = (address.ok().flatten(), published) {
            let key = String::from_utf8_lossy(&key).into_owned();
            self.published.insert(address.name(), key);
        }
    }

    /// Takes what the request shows in place of a secret, where there is none; says whether it did.
    pub fn take_shown_secret(&mut self, provider: &dyn Explained) -> bool {
        let shown = provider.shown_secret(&self.delivery);
        let takes = self.secrets.is_empty() && shown.is_some();
        if takes {
            self.secrets.extend(shown);
        }
        takes
    }
}

impl<'a> Vector<'a> {
    /// Reads what a case says about itself.
    ///
    /// # Errors
    /// [`BadField`] with the first field that is missing or unusable.
    pub fn read(fields: &'a Map<String, Value>) -> Result<Self, BadField> {
        let valid = match required(fields, "expect")? {
            "valid" => true,
            "invalid" => false,
            _ => return Err(BadField::new("expect", "is neither valid nor invalid")),
        };
        Ok(Self {
            id: required(fields, "id")?,
            name: text(fields, "name")?.unwrap_or_default(),
            provider: required(fields, "provider")?,
            valid,
            ambiguous: fields
                .get("ambiguous")
                .is_some_and(|value| *value == Value::Bool(true)),
        })
    }
}

/// A field that may be absent; `null` is as good as absent.
fn present<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, BadField> {
    match present(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(BadField::new(name, NOT_TEXT)),
    }
}

fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, BadField> {
    text(fields, name)?.ok_or_else(|| BadField::new(name, MISSING))
}

/// The URL that the sender was given, and the one that it took the place of.
fn urls(fields: &Map<String, Value>) -> Result<(String, Option<String>), BadField> {
    let Some(configured) = configured(fields, "configured_url")? else {
        return Ok((complete("url", required(fields, "url")?)?, None));
    };
    let replaced = text(fields, "url")?
        .map(|url| complete("url", url))
        .transpose()?;
    Ok((complete("config.configured_url", configured)?, replaced))
}

/// A text of what is configured beside the secrets.
fn configured<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, BadField> {
    match present(fields, "config") {
        None => Ok(None),
        Some(Value::Object(config)) => {
            text(config, name).map_err(|bad| BadField::new(format!("config.{name}"), bad.problem))
        }
        Some(_) => Err(BadField::new("config", "is not an object")),
    }
}

/// True if the source waits for the secret that its provider brings.
fn is_paired(fields: &Map<String, Value>) -> Result<bool, BadField> {
    match configured(fields, "pairing")? {
        None | Some("closed") => Ok(false),
        Some("open") => Ok(true),
        Some(_) => Err(BadField::new(
            "config.pairing",
            "is neither open nor closed",
        )),
    }
}

/// A complete URL without its fragment, which is never sent and never signed.
fn complete(field: &str, url: &str) -> Result<String, BadField> {
    let url = url.split('#').next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) if is_http(scheme) && !rest.is_empty() => Ok(url.to_owned()),
        _ => Err(BadField::new(
            field,
            "is not a complete URL: https://host/path",
        )),
    }
}

/// A scheme has no case, though a signature covers it as it was written.
fn is_http(scheme: &str) -> bool {
    ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

fn headers(fields: &Map<String, Value>) -> Result<Headers, BadField> {
    let headers = match present(fields, "headers") {
        None => return Err(BadField::new("headers", MISSING)),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(BadField::new("headers", "is not an object of strings")),
    };
    headers
        .iter()
        .map(|(name, value)| match value {
            Value::String(value) => Ok((name, value)),
            _ => Err(BadField::new(format!("headers.{name}"), NOT_TEXT)),
        })
        .collect()
}

fn body(fields: &Map<String, Value>) -> Result<Vec<u8>, BadField> {
    match (text(fields, "body")?, text(fields, "body_base64")?) {
        (Some(body), None) => Ok(body.as_bytes().to_vec()),
        (None, Some(encoded)) => STANDARD
            .decode(encoded)
            .map_err(|_| BadField::new("body_base64", "is not padded standard base64")),
        (None, None) => {
            let problem = "is missing, and so is body_base64; an empty body is \"\"";
            Err(BadField::new("body", problem))
        }
        (Some(_), Some(_)) => Err(BadField::new("body", "is there, and so is body_base64")),
    }
}

fn secrets(fields: &Map<String, Value>) -> Result<Vec<Secret>, BadField> {
    // What says whose a delivery has to be stands in the place of a secret.
    let webhook = configured(fields, "webhook_id")?.map(Secret::new);
    if let Some(Ok(webhook)) = webhook {
        return Ok(vec![webhook]);
    }
    let secrets = match present(fields, "secrets") {
        None => return Err(BadField::new("secrets", MISSING)),
        Some(Value::Array(secrets)) if secrets.is_empty() && has_none(fields)? => {
            return Ok(Vec::new());
        }
        Some(Value::Array(secrets)) if secrets.is_empty() => {
            return Err(BadField::new("secrets", "is empty: give at least one"));
        }
        Some(Value::Array(secrets)) => secrets,
        Some(_) => return Err(BadField::new("secrets", "is not a list of strings")),
    };
    let secret = |(index, value): (usize, &Value)| {
        let bad = |problem| BadField::new(format!("secrets, number {},", index + 1), problem);
        let text = value.as_str().ok_or_else(|| bad(NOT_TEXT))?;
        Secret::new(text).map_err(|_| bad("is blank"))
    };
    secrets.iter().enumerate().map(secret).collect()
}

/// True if the source may have no secret: it waits for one, or its provider publishes its keys.
fn has_none(fields: &Map<String, Value>) -> Result<bool, BadField> {
    Ok(is_paired(fields)? || present(fields, "fetch").is_some())
}

/// What is published at which address.
fn published(fields: &Map<String, Value>) -> Result<BTreeMap<String, String>, BadField> {
    let published = match present(fields, "fetch") {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(published)) => published,
        Some(_) => return Err(BadField::new("fetch", "is not an object of strings")),
    };
    let text = |(address, text): (&String, &Value)| match text {
        Value::String(text) => Ok((address.clone(), text.clone())),
        _ => Err(BadField::new(format!("fetch.{address}"), NOT_TEXT)),
    };
    published.iter().map(text).collect()
}

fn now(fields: &Map<String, Value>) -> Result<Option<Timestamp>, BadField> {
    let Some(value) = present(fields, "now") else {
        return Ok(None);
    };
    match value.as_i64() {
        Some(seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
        None => Err(BadField::new(
            "now",
            "is not a whole number of Unix seconds",
        )),
    }
}
