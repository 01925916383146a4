//! Stripe's events, as far as a webhook endpoint asks for them.
//!
//! They are listed for 30 days, newest first and whole. Whether one was delivered is told of all endpoints
//! together, so that it says nothing of this one; the ledger does. What the list has is the event as it was
//! made, in the API version of the account then, which can be another than the endpoint's.
//!
//! Facts: <https://docs.stripe.com/api/events/list>, <https://docs.stripe.com/api/webhook_endpoints/object>
//! and <https://docs.stripe.com/webhooks/process-undelivered-events>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use super::archive::{Archive, Copy, Listed, Page};
use super::credential::{self, BadCredential};
use super::listing;
use crate::json;
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"key": "rk_live_...", "endpoint": "we_..."}"#;

const API: &str = "https://api.stripe.com";

/// The time for which events are listed.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    endpoint: String,
}

#[derive(Debug)]
struct Stripe {
    api: ProviderApi,
    endpoint: String,
    types: OnceCell<Vec<String>>,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !given.endpoint.starts_with("we_") || !credential::is_word(&given.endpoint) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Stripe {
        api: ProviderApi::bearer(hosts, API, &given.key),
        endpoint: given.endpoint,
        types: OnceCell::new(),
    }))
}

#[derive(Deserialize)]
struct Endpoint {
    enabled_events: Vec<String>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    created: i64,
    r#type: String,
}

impl Stripe {
    /// The types that the endpoint asks for.
    async fn types(&self) -> Result<&[String], ApiError> {
        let read = || async {
            let path = format!("/v1/webhook_endpoints/{}", self.endpoint);
            let endpoint: Endpoint = self.api.get(&path).await?.json("a webhook endpoint")?;
            Ok(endpoint.enabled_events)
        };
        self.types.get_or_try_init(read).await.map(Vec::as_slice)
    }

    async fn events(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let types = self.types().await?;
        let since = since.seconds().max(0).to_string();
        let mut fields = vec![("limit", "100"), ("created[gte]", &since)];
        fields.extend(cursor.map(|cursor| ("starting_after", cursor)));
        let path = format!("/v1/events?{}", query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of events")?;
        let (mut listed, mut last) = (Vec::new(), None);
        for text in list.data {
            let event: Event =
                json::read(text.get().as_bytes()).ok_or(ApiError::Unreadable("an event"))?;
            last = Some(event.id.clone());
            if listing::asks_for(types, &event.r#type) {
                listed.push(Listed {
                    id: event.id.clone(),
                    at: Timestamp::from_seconds(event.created),
                    handle: event.id,
                    copy: Some(Copy::of_json(text.get(), false)),
                    again: false,
                });
            }
        }
        Ok(Page {
            listed,
            next: last.filter(|_| list.has_more),
            date: reply.date(),
        })
    }
}

impl Archive for Stripe {
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
