//! Telnyx's deliveries to one URL.
//!
//! The account's deliveries are listed with their events and with the URLs that were tried. For how long, is
//! not documented; a day is believed. Of a body, `meta` is not kept, and nothing of an event is in it.
//!
//! Facts: <https://developers.telnyx.com/api-reference/webhooks/list-webhook-deliveries> and the SDK,
//! <https://www.npmjs.com/package/telnyx>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::archive::{Archive, Copy, Listed, Page};
use super::credential::{self, BadCredential};
use super::listing::Listing;
use crate::json;
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"key": "KEY...", "url": "https://HOST/webhooks/telnyx"}"#;

const API: &str = "https://api.telnyx.com";

/// The time for which deliveries are believed to be listed.
const WINDOW: Duration = Duration::from_secs(24 * 3600);

const LISTING: Listing = Listing {
    elements: "data",
    id: "webhook.id",
    at: "started_at",
    event: "webhook",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    url: String,
}

#[derive(Debug)]
struct Telnyx {
    api: ProviderApi,
    url: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !given.url.starts_with("https://") {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Telnyx {
        api: ProviderApi::bearer(hosts, API, &given.key),
        url: given.url,
    }))
}

#[derive(Deserialize)]
struct List {
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    page_number: u64,
    total_pages: u64,
}

/// A delivery, as far as it says whose it is.
#[derive(Deserialize)]
struct Tried {
    webhook: Webhook,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Webhook {
    /// Deliveries of the older API have none.
    id: Option<String>,
}

#[derive(Deserialize)]
struct Attempt {
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    request: Option<Request>,
}

#[derive(Deserialize)]
struct Request {
    url: Option<String>,
}

impl Tried {
    /// True if an event was sent to the URL, the first one or the one to fall back on.
    fn is_to(&self, url: &str) -> bool {
        let request = |attempt: &Attempt| attempt.http.as_ref()?.request.as_ref()?.url.clone();
        let mut tried = self.attempts.iter().filter_map(request);
        self.webhook.id.is_some() && tried.any(|tried| tried == url)
    }
}

/// A delivery, whose body has the event in `data`.
fn listed(element: &RawValue) -> Result<Listed, ApiError> {
    let listed = LISTING.listed(element)?;
    let event = json::member(element.get().as_bytes(), LISTING.event);
    Ok(Listed {
        copy: event.map(|event| Copy::of_json(&format!(r#"{{"data":{}}}"#, event.get()), false)),
        ..listed
    })
}

impl Telnyx {
    async fn deliveries(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let fields = [
            ("filter[started_at][gte]", &*since.to_string()),
            ("page[number]", cursor.unwrap_or("1")),
            ("page[size]", "250"),
        ];
        let path = format!("/v2/webhook_deliveries?{}", query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of deliveries")?;
        let elements = LISTING.elements(&reply)?;
        let ours = elements.iter().filter(|element| {
            let tried: Option<Tried> = json::read(element.get().as_bytes());
            tried.is_some_and(|tried| tried.is_to(&self.url))
        });
        let listed = ours.map(|element| listed(element));
        let Meta {
            page_number,
            total_pages,
        } = list.meta;
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: (page_number < total_pages).then(|| (page_number + 1).to_string()),
            date: reply.date(),
        })
    }
}

impl Archive for Telnyx {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.deliveries(cursor, since).boxed()
    }
}
