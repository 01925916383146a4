//! Resend's events of one webhook.
//!
//! They are listed newest first; one read alone has its payload. For how long depends on the plan, a day at
//! least. The id is the one in `svix-id`.
//!
//! Facts: <https://resend.com/docs/webhooks/retries-and-replays> and the SDK,
//! <https://www.npmjs.com/package/resend>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::archive::{Archive, Copy, Fetched, Listed, Page};
use super::credential::{self, BadCredential};
use super::listing::Listing;
use crate::provider_api::{ApiError, Content, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"key": "re_...", "webhook": "..."}"#;

const API: &str = "https://api.resend.com";

/// The least time for which events are listed.
const WINDOW: Duration = Duration::from_secs(24 * 3600);

const LISTING: Listing = Listing {
    elements: "data",
    id: "id",
    at: "created_at",
    event: "payload",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    webhook: String,
}

#[derive(Debug)]
struct Resend {
    api: ProviderApi,
    path: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !credential::is_word(&given.webhook) {
        return Err(BadCredential::of(FORM));
    }
    Ok(Box::new(Resend {
        api: ProviderApi::bearer(hosts, API, &given.key),
        path: format!("/webhooks/{}/events", given.webhook),
    }))
}

#[derive(Deserialize)]
struct List {
    has_more: bool,
}

#[derive(Deserialize)]
struct Event {
    payload: Option<Box<RawValue>>,
}

impl Resend {
    async fn events(&self, cursor: Option<&str>) -> Result<Page, ApiError> {
        let mut fields = vec![("limit", "100")];
        fields.extend(cursor.map(|cursor| ("after", cursor)));
        let path = format!("{}?{}", self.path, query(&fields));
        let reply = self.api.get(&path).await?;
        let list: List = reply.json("a list of events")?;
        let elements = LISTING.elements(&reply)?;
        let listed = elements.iter().map(|element| LISTING.listed(element));
        let listed: Vec<Listed> = listed.collect::<Result<_, _>>()?;
        let last = listed.last().map(|last| last.id.clone());
        Ok(Page {
            next: last.filter(|_| list.has_more),
            listed,
            date: reply.date(),
        })
    }

    /// The path of an event, whose id an answer has named.
    fn path_of(&self, listed: &Listed) -> Result<String, ApiError> {
        if !credential::is_word(&listed.handle) {
            return Err(ApiError::Unreadable("an event's id"));
        }
        Ok(format!("{}/{}", self.path, listed.handle))
    }
}

impl Archive for Resend {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.events(cursor).boxed()
    }

    fn fetch<'a>(&'a self, listed: &'a Listed) -> BoxFuture<'a, Result<Fetched, ApiError>> {
        let fetched = async {
            let event: Event = self
                .api
                .get(&self.path_of(listed)?)
                .await?
                .json("an event")?;
            let Some(payload) = event.payload else {
                return Ok(Fetched::WithoutPayload);
            };
            let mut copy = Copy::of_json(payload.get(), false);
            copy.delivery.headers.set("svix-id", &*listed.id);
            Ok(Fetched::Copy(copy))
        };
        fetched.boxed()
    }

    fn send_again<'a>(&'a self, listed: &'a Listed) -> BoxFuture<'a, Result<(), ApiError>> {
        let asked = async {
            let path = format!("{}/replay", self.path_of(listed)?);
            self.api.send("POST", &path, Content::None).await?;
            Ok(())
        };
        asked.boxed()
    }
}
