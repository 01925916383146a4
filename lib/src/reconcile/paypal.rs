//! PayPal's events, as far as a webhook asks for them.
//!
//! Those of an app are listed for 30 days, whole and with the ids that webhooks have. Which webhook has had
//! one is not told; the webhook's types are read once.
//!
//! Facts: <https://developer.paypal.com/docs/api/webhooks/v1/#webhooks-events_list>,
//! <https://github.com/paypal/paypal-rest-api-specifications/blob/main/openapi/notifications_webhooks_v1.json>,
//! <https://developer.paypal.com/api/rest/webhooks/events-dashboard/> and
//! <https://developer.paypal.com/api/rest/authentication/>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::archive::{Archive, Page};
use super::credential::{self, BadCredential};
use super::listing::{self, Listing};
use crate::provider_api::{ApiError, Content, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"client": "...", "secret": "...", "webhook": "..."}, perhaps with "api": "https://api-m.sandbox.paypal.com""#;

const API: &str = "https://api-m.paypal.com";

/// The time for which events are listed.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

const EVENTS: &str = "/v1/notifications/webhooks-events";

const LISTING: Listing = Listing {
    elements: "events",
    id: "id",
    at: "create_time",
    event: "",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    client: String,
    secret: String,
    webhook: String,
    api: Option<String>,
}

#[derive(Debug)]
struct PayPal {
    hosts: ProviderHosts,
    base: String,
    /// The API as the app itself may use it: to get a token.
    app: ProviderApi,
    /// The API as the last token may use it, and until when.
    granted: Mutex<Option<(ProviderApi, Timestamp)>>,
    webhook: String,
    types: OnceCell<Vec<String>>,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.webhook) {
        return Err(BadCredential::of(FORM));
    }
    let base = given.api.unwrap_or_else(|| API.to_owned());
    let pair = STANDARD.encode(format!("{}:{}", given.client, given.secret));
    let headers = [("authorization", format!("Basic {pair}"))];
    Ok(Box::new(PayPal {
        app: ProviderApi::new(hosts.clone(), base.clone(), headers),
        granted: Mutex::new(None),
        hosts,
        base,
        webhook: given.webhook,
        types: OnceCell::new(),
    }))
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Webhook {
    event_types: Vec<EventType>,
}

#[derive(Deserialize)]
struct EventType {
    name: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
    rel: String,
}

impl PayPal {
    /// The API with a token that is still good for a while.
    async fn api(&self) -> Result<ProviderApi, ApiError> {
        let mut granted = self.granted.lock().await;
        let now = Timestamp::now();
        if let Some((api, until)) = granted.as_ref()
            && *until > now
        {
            return Ok(api.clone());
        }
        let fields = Content::Form(&[("grant_type", "client_credentials")]);
        let grant = self.app.send("POST", "/v1/oauth2/token", fields).await?;
        let grant: Grant = grant.json("an access token")?;
        let (hosts, base) = (self.hosts.clone(), &*self.base);
        let api = ProviderApi::bearer(hosts, base, &grant.access_token);
        // Half of its time is left for the clocks and for the calls to come.
        let until = now.after(Duration::from_secs(grant.expires_in / 2));
        *granted = Some((api.clone(), until));
        Ok(api)
    }

    /// The types that the webhook asks for.
    async fn types(&self) -> Result<&[String], ApiError> {
        let read = || async {
            let path = format!("/v1/notifications/webhooks/{}", self.webhook);
            let webhook: Webhook = self.api().await?.get(&path).await?.json("a webhook")?;
            let types = webhook.event_types.into_iter();
            Ok(types.map(|kind| kind.name).collect())
        };
        self.types.get_or_try_init(read).await.map(Vec::as_slice)
    }

    async fn events(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let types = self.types().await?;
        let first = || query(&[("page_size", "100"), ("start_time", &since.to_string())]);
        let query = cursor.map_or_else(first, ToOwned::to_owned);
        let reply = self.api().await?.get(&format!("{EVENTS}?{query}")).await?;
        let list: List = reply.json("a list of events")?;
        let elements = LISTING.elements(&reply)?;
        let wanted = elements.iter().filter(|element| {
            let kind = listing::text(element, "event_type");
            kind.is_some_and(|kind| listing::asks_for(types, &kind))
        });
        let listed = wanted.map(|element| LISTING.listed(element));
        let next = list.links.iter().find(|link| link.rel == "next");
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: next
                .and_then(|link| listing::query_of(&link.href))
                .map(ToOwned::to_owned),
            date: reply.date(),
        })
    }
}

impl Archive for PayPal {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.events(cursor, since).boxed()
    }
}
