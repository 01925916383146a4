//! WorkOS's events, as far as a webhook endpoint asks for them.
//!
//! They are listed for 30 days, whole and with the ids that webhooks have. A cursor and a time exclude each
//! other, so that only the first page is asked for by time.
//!
//! Facts: <https://workos.com/docs/reference/events>, <https://workos.com/docs/events/data-syncing>,
//! <https://workos.com/docs/events/data-reconciliation> and the SDK,
//! <https://www.npmjs.com/package/@workos-inc/node>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::archive::{Archive, Page};
use super::credential::{self, BadCredential};
use super::listing::Listing;
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"key": "sk_live_...", "endpoint": "we_..."}"#;

const API: &str = "https://api.workos.com";

/// The time for which events are listed.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

const LISTING: Listing = Listing {
    elements: "data",
    id: "id",
    at: "created_at",
    event: "",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    endpoint: String,
}

#[derive(Debug)]
struct WorkOs {
    api: ProviderApi,
    endpoint: String,
    types: OnceCell<Vec<String>>,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.endpoint) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(WorkOs {
        api: ProviderApi::bearer(hosts, API, &given.key),
        endpoint: given.endpoint,
        types: OnceCell::new(),
    }))
}

#[derive(Deserialize)]
struct Endpoints {
    data: Vec<Endpoint>,
    #[serde(default)]
    list_metadata: ListMetadata,
}

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    events: Vec<String>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    list_metadata: ListMetadata,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    after: Option<String>,
}

impl WorkOs {
    /// The types that the endpoint asks for.
    async fn types(&self) -> Result<&[String], ApiError> {
        let read = || self.endpoint_types();
        self.types.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// One endpoint cannot be asked for, so that all are looked through.
    async fn endpoint_types(&self) -> Result<Vec<String>, ApiError> {
        let mut after: Option<String> = None;
        loop {
            let mut fields = vec![("limit", "100")];
            fields.extend(after.as_deref().map(|after| ("after", after)));
            let path = format!("/webhook_endpoints?{}", query(&fields));
            let endpoints: Endpoints = self.api.get(&path).await?.json("webhook endpoints")?;
            let mut found = endpoints.data.into_iter();
            if let Some(endpoint) = found.find(|endpoint| endpoint.id == self.endpoint) {
                return Ok(endpoint.events);
            }
            let next = endpoints.list_metadata.after;
            if next.is_none() || next == after {
                return Err(ApiError::NotFound { needs: None });
            }
            after = next;
        }
    }

    async fn events(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let types = self.types().await?.join(",");
        if types.is_empty() {
            return Ok(Page::default());
        }
        let since = since.to_string();
        let place = match cursor {
            Some(cursor) => ("after", cursor),
            None => ("range_start", &*since),
        };
        let fields = [
            ("events", &*types),
            ("limit", "100"),
            ("order", "desc"),
            place,
        ];
        let path = format!("/events?{}", query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of events")?;
        let elements = LISTING.elements(&reply)?;
        let listed = elements.iter().map(|element| LISTING.listed(element));
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: list.list_metadata.after,
            date: reply.date(),
        })
    }
}

impl Archive for WorkOs {
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
