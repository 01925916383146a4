//! Square's events, as far as a webhook subscription asks for them.
//!
//! They are searched for by time, whole and newest first, for 28 days; but only those that happened while the
//! application had `PUT /v2/events/enable` called for it. Delivery is not told of. The token is the
//! application's own: those of sellers are refused.
//!
//! Facts: <https://developer.squareup.com/docs/events-api/overview>,
//! <https://developer.squareup.com/reference/square/events-api/SearchEvents>,
//! <https://developer.squareup.com/reference/square/webhook-subscriptions-api/RetrieveWebhookSubscription>
//! and the SDK, <https://www.npmjs.com/package/square>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;

use super::archive::{Archive, Page};
use super::credential::{self, BadCredential};
use super::listing::Listing;
use crate::provider_api::{ApiError, Content, ProviderApi};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"token": "...", "subscription": "wbhk_..."}, perhaps with "api": "https://connect.squareupsandbox.com""#;

const API: &str = "https://connect.squareup.com";

/// The time for which events are found.
const WINDOW: Duration = Duration::from_secs(28 * 24 * 3600);

const LISTING: Listing = Listing {
    elements: "events",
    id: "event_id",
    at: "created_at",
    event: "",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: String,
    subscription: String,
    api: Option<String>,
}

#[derive(Debug)]
struct Square {
    api: ProviderApi,
    subscription: String,
    types: OnceCell<Vec<String>>,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.subscription) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Square {
        api: ProviderApi::bearer(hosts, given.api.as_deref().unwrap_or(API), &given.token),
        subscription: given.subscription,
        types: OnceCell::new(),
    }))
}

#[derive(Deserialize)]
struct Subscribed {
    subscription: Subscription,
}

#[derive(Deserialize)]
struct Subscription {
    event_types: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Found {
    cursor: Option<String>,
}

impl Square {
    /// The types that the subscription asks for.
    async fn types(&self) -> Result<&[String], ApiError> {
        let read = || async {
            let path = format!("/v2/webhooks/subscriptions/{}", self.subscription);
            let subscribed = self.api.get(&path).await?;
            let subscribed: Subscribed = subscribed.json("a webhook subscription")?;
            Ok(subscribed.subscription.event_types.unwrap_or_default())
        };
        self.types.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// A cursor is good for the query that it came from alone, so that ours has the query's time before it.
    async fn search(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let types = self.types().await?;
        let first = since.to_string();
        let (start, cursor) = match cursor.and_then(|cursor| cursor.split_once(' ')) {
            Some((start, cursor)) => (start, Some(cursor)),
            None => (&*first, None),
        };
        let mut sought = json!({
            "limit": 100,
            "query": {
                "filter": {"event_types": types, "created_at": {"start_at": start}},
                "sort": {"order": "DESC"},
            },
        });
        if let Some(cursor) = cursor {
            sought["cursor"] = cursor.into();
        }
        let sought = sought.to_string();
        let reply = self.api.send("POST", "/v2/events", Content::Json(&sought));
        let reply = reply.await?;
        let found: Found = reply.json("a list of events")?;
        let elements = LISTING.elements(&reply)?;
        let listed = elements.iter().map(|element| LISTING.listed(element));
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: found
                .cursor
                .filter(|cursor| !cursor.is_empty())
                .map(|cursor| format!("{start} {cursor}")),
            date: reply.date(),
        })
    }
}

impl Archive for Square {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.search(cursor, since).boxed()
    }
}
