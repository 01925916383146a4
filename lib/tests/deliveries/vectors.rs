//! Published and generated signatures that our own signer did not produce.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use webhooks::delivery::{Delivery, Method};
use webhooks::keys::Keys;
use webhooks::provider::Explained;
use webhooks::secret::Secret;

use super::path;

/// One case: a request, the secrets, and what a receiver says.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) variant: Option<String>,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) name: String,
    pub(crate) secrets: Vec<String>,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
    pub(crate) body_base64: Option<String>,
    pub(crate) now: i64,
    pub(crate) expect: String,
    pub(crate) response: Option<Expected>,
    /// What is published at which address.
    #[serde(default)]
    pub(crate) fetch: BTreeMap<String, String>,
    pub(crate) ambiguous: Option<serde_json::Value>,
}

/// The answer that a case names.
#[derive(Deserialize)]
pub(crate) struct Expected {
    pub(crate) status: i64,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
}

impl Vector {
    /// The request.
    pub(crate) fn delivery(&self) -> Delivery {
        let body = match (&self.body, &self.body_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).expect("the vector is base64"),
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => panic!("{}: two bodies", self.id),
        };
        let query = self.url.split_once('?').map(|(_, query)| query);
        Delivery {
            method: Method::parse(&self.method),
            urls: vec![self.url.clone()],
            query: query.unwrap_or_default().to_owned(),
            headers: self.headers.clone().into_iter().collect(),
            body,
        }
    }

    /// What the case says of the source besides its secrets.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.config.get(name).map(String::as_str)
    }

    /// The configured secrets; a blank one is none, as in a parameter. Where the provider has none, what its
    /// source says instead, or what the request shows.
    pub(crate) fn secrets(&self, provider: &dyn Explained) -> Vec<Secret> {
        let secrets = self.secrets.iter().map(Secret::new);
        let secrets: Vec<_> = secrets.filter_map(Result::ok).collect();
        if !secrets.is_empty() || self.fetch.is_empty() {
            return secrets;
        }
        let webhook = self.setting("webhook_id").map(Secret::new);
        let shown = || provider.shown_secret(&self.delivery());
        webhook
            .and_then(Result::ok)
            .or_else(shown)
            .into_iter()
            .collect()
    }

    /// The keys that the request is held against.
    pub(crate) fn keys<'a>(&'a self, provider: &dyn Explained, secrets: &'a [Secret]) -> Keys<'a> {
        let address = provider.published_key(&self.delivery(), secrets);
        let address = address.ok().flatten();
        let text = address.and_then(|address| self.fetch.get(&address.name()));
        Keys {
            secrets,
            published: text.map(|text| Cow::Borrowed(text.as_bytes())),
        }
    }
}

/// All cases on which every official implementation agrees.
pub(crate) fn vectors() -> Vec<Vector> {
    let text = fs::read_to_string(path("lib/tests/vectors/signatures.json"))
        .expect("the vectors are there");
    let all: Vec<Vector> =
        serde_json::from_str(&text).expect("the vectors have the described form");
    all.into_iter()
        .filter(|vector| vector.ambiguous.is_none())
        .collect()
}
