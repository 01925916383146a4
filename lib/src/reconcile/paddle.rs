//! Paddle's notifications to one destination.
//!
//! They are listed for 90 days, newest first and with the event that each carries, also those that nobody has
//! tried to deliver yet. One that was replayed is a notification of its own with the same event.
//!
//! Facts: <https://developer.paddle.com/api-reference/notifications/list-notifications> and the
//! SDK, <https://www.npmjs.com/package/@paddle/paddle-node-sdk>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;

use super::archive::{Archive, Listed, Page};
use super::credential::{self, BadCredential};
use super::listing::{self, Listing};
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"key": "pdl_live_apikey_...", "destination": "ntfset_..."}, perhaps with "api": "https://sandbox-api.paddle.com""#;

const API: &str = "https://api.paddle.com";

/// The time for which notifications are listed.
const WINDOW: Duration = Duration::from_secs(90 * 24 * 3600);

const LISTING: Listing = Listing {
    elements: "data",
    id: "payload.event_id",
    at: "occurred_at",
    event: "payload",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    destination: String,
    api: Option<String>,
}

#[derive(Debug)]
struct Paddle {
    api: ProviderApi,
    destination: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.destination) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Paddle {
        api: ProviderApi::bearer(hosts, given.api.as_deref().unwrap_or(API), &given.key),
        destination: given.destination,
    }))
}

#[derive(Deserialize)]
struct List {
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<String>,
    has_more: Option<bool>,
}

impl Pagination {
    /// The notification after which the next page begins.
    fn after(&self) -> Option<String> {
        let link = self.next.as_deref().filter(|_| self.has_more == Some(true));
        let mut fields = form_urlencoded::parse(listing::query_of(link?)?.as_bytes());
        let after = fields.find(|(name, _)| name == "after");
        after.map(|(_, after)| after.into_owned())
    }
}

impl Paddle {
    async fn notifications(
        &self,
        cursor: Option<&str>,
        since: Timestamp,
    ) -> Result<Page, ApiError> {
        let since = since.to_string();
        let mut fields = vec![
            ("notification_setting_id", &*self.destination),
            ("order_by", "id[DESC]"),
            ("per_page", "200"),
            ("from", &since),
        ];
        fields.extend(cursor.map(|cursor| ("after", cursor)));
        let path = format!("/notifications?{}", query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of notifications")?;
        let elements = LISTING.elements(&reply)?;
        let listed = elements.iter().map(|element| {
            Ok(Listed {
                again: listing::text(element, "origin").is_some_and(|origin| origin == "replay"),
                ..LISTING.listed(element)?
            })
        });
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: list.meta.pagination.after(),
            date: reply.date(),
        })
    }
}

impl Archive for Paddle {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.notifications(cursor, since).boxed()
    }
}
