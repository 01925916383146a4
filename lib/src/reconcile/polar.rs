//! Polar's deliveries to one endpoint.
//!
//! Each attempt is listed, newest first, with its event and the very text that was posted; that text is
//! kept for 30 days. What Polar skipped while the endpoint was disabled is no delivery, and is not listed.
//!
//! Facts: the SDK, <https://www.npmjs.com/package/@polar-sh/sdk>, and the source,
//! <https://github.com/polarsource/polar/blob/main/server/polar/webhook/tasks.py>,
//! <https://github.com/polarsource/polar/blob/main/server/polar/config.py>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::archive::{Archive, Copy, Listed, Page};
use super::credential::{self, BadCredential};
use super::listing::{self, Listing};
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"token": "polar_oat_...", "endpoint": "..."}, perhaps with "api": "https://sandbox-api.polar.sh""#;

const API: &str = "https://api.polar.sh";

/// The time for which the text of an event is kept.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

const LISTING: Listing = Listing {
    elements: "items",
    id: "webhook_event.id",
    at: "created_at",
    event: "webhook_event.payload",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: String,
    endpoint: String,
    api: Option<String>,
}

#[derive(Debug)]
struct Polar {
    api: ProviderApi,
    endpoint: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.endpoint) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Polar {
        api: ProviderApi::bearer(hosts, given.api.as_deref().unwrap_or(API), &given.token),
        endpoint: given.endpoint,
    }))
}

#[derive(Deserialize)]
struct List {
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    max_page: u64,
}

/// A delivery. The event in it is a text that has JSON in it.
fn listed(element: &RawValue) -> Result<Listed, ApiError> {
    let listed = LISTING.listed(element)?;
    let copy = listing::text(element, LISTING.event).map(|text| {
        let mut copy = Copy::of_json(&text, true);
        copy.delivery.headers.set("webhook-id", &*listed.id);
        copy
    });
    Ok(Listed {
        // Sent again, it would have no text either.
        again: copy.is_none(),
        copy,
        ..listed
    })
}

impl Polar {
    async fn deliveries(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let page = cursor.and_then(|page| page.parse().ok()).unwrap_or(1);
        let fields = [
            ("endpoint_id", &*self.endpoint),
            ("start_timestamp", &since.to_string()),
            ("limit", "100"),
            ("page", &page.to_string()),
        ];
        let path = format!("/v1/webhooks/deliveries?{}", query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of deliveries")?;
        let elements = LISTING.elements(&reply)?;
        let listed = elements.iter().map(|element| listed(element));
        Ok(Page {
            listed: listed.collect::<Result<_, _>>()?,
            next: (page < list.pagination.max_page).then(|| (page + 1).to_string()),
            date: reply.date(),
        })
    }
}

impl Archive for Polar {
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
