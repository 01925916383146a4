//! Twilio's requests to one URL that failed.
//!
//! Twilio lists no deliveries, but an alert for each request that failed, for 30 days; one alert read alone
//! has the request's parameters. An event goes by what its parameters name. The turns of a call, and what
//! else goes by a header that alerts do not have, are left out: a call that is over has no next turn, and
//! such an event would get another name than its delivery.
//!
//! Facts: <https://www.twilio.com/docs/usage/monitor-alert>,
//! <https://www.twilio.com/docs/usage/requests-to-twilio> and the SDK, <https://www.npmjs.com/package/twilio>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;

use super::archive::{Archive, Copy, Listed, Page};
use super::credential::{self, BadCredential};
use super::{listing, moment, naming};
use crate::delivery::{Delivery, Headers, Method};
use crate::payload::{FORM as FORM_TYPE, form_fields};
use crate::provider_api::{ApiError, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str =
    r#"{"key": "SK...", "secret": "...", "url": "https://HOST/webhooks/twilio"}"#;

const API: &str = "https://monitor.twilio.com";

/// The time for which alerts are listed.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

/// Few enough that each of a page can be read alone.
const PAGE: &str = "50";

/// The header that names what the parameters do not.
const TOKEN: &str = "I-Twilio-Idempotency-Token";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    secret: String,
    url: String,
}

#[derive(Debug)]
struct Twilio {
    api: ProviderApi,
    url: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    if !given.url.starts_with("https://") || given.url.contains('?') {
        return Err(BadCredential::of(FORM));
    }
    let pair = STANDARD.encode(format!("{}:{}", given.key, given.secret));
    let headers = [("authorization", format!("Basic {pair}"))];
    Ok(Box::new(Twilio {
        api: ProviderApi::new(hosts, API, headers),
        url: given.url,
    }))
}

#[derive(Deserialize)]
struct List {
    alerts: Vec<Alert>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    next_page_url: Option<String>,
}

/// An alert, as the list has it.
#[derive(Deserialize)]
struct Alert {
    sid: String,
    date_generated: Option<String>,
    date_created: Option<String>,
    request_url: Option<String>,
}

/// An alert read alone.
#[derive(Deserialize)]
struct Request {
    request_method: Option<String>,
    request_url: Option<String>,
    request_headers: Option<String>,
    request_variables: Option<String>,
}

impl Alert {
    fn at(&self) -> Option<Timestamp> {
        let generated = self.date_generated.as_deref().and_then(moment::read);
        generated.or_else(|| moment::read(self.date_created.as_deref()?))
    }

    /// True for a request to that URL, whatever its query.
    fn is_to(&self, url: &str) -> bool {
        let asked = self.request_url.as_deref().unwrap_or_default();
        let (path, _) = asked.split_once(['?', '#']).unwrap_or((asked, ""));
        path.trim_end_matches('/') == url.trim_end_matches('/')
    }
}

impl Request {
    /// The request, put together again; none without parameters.
    fn delivery(&self) -> Option<Delivery> {
        let url = self.request_url.as_deref()?;
        let query = listing::query_of(url).unwrap_or_default();
        let variables = self.request_variables.as_deref().unwrap_or_default();
        let method = self.request_method.as_deref().unwrap_or("POST");
        let (method, query, body) = match Method::parse(&method.to_ascii_uppercase()) {
            Method::Get => (Method::Get, with_all(query, variables), ""),
            _ if variables.is_empty() => return None,
            _ => (Method::Post, query.to_owned(), variables),
        };
        Some(Delivery {
            method,
            urls: Vec::new(),
            query,
            headers: self.headers(),
            body: body.into(),
        })
    }

    /// The token, where the alert has it, and the type of the body.
    fn headers(&self) -> Headers {
        let given = form_fields(
            self.request_headers
                .as_deref()
                .unwrap_or_default()
                .as_bytes(),
        );
        let token = given
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(TOKEN));
        let form = ("content-type".to_owned(), FORM_TYPE.to_owned());
        [form].into_iter().chain(token).collect()
    }
}

/// A query with the parameters that it has not.
fn with_all(query: &str, variables: &str) -> String {
    let there = form_fields(query.as_bytes());
    let all = form_fields(variables.as_bytes());
    let mut whole = form_urlencoded::Serializer::new(query.to_owned());
    whole.extend_pairs(all.iter().filter(|field| !there.contains(field)));
    whole.finish()
}

/// The name of the event, unless a header would have a part in it that is not there.
fn certain_id(copy: &Copy) -> Option<String> {
    let id = naming::id_of("twilio", copy)?;
    if copy.delivery.headers.get(TOKEN).is_none() {
        let mut other = copy.clone();
        other.delivery.headers.set(TOKEN, "any");
        if naming::id_of("twilio", &other).as_ref() != Some(&id) {
            return None;
        }
    }
    Some(id)
}

impl Twilio {
    async fn alerts(&self, cursor: Option<&str>, since: Timestamp) -> Result<Page, ApiError> {
        let start = Timestamp::from_seconds(since.seconds()).to_string();
        let start = start.replace(".000Z", "Z");
        let first = || query(&[("StartDate", &*start), ("PageSize", PAGE)]);
        let query = cursor.map_or_else(first, ToOwned::to_owned);
        let reply = self.api.get(&format!("/v1/Alerts?{query}")).await?;
        let list: List = reply.json("a list of alerts")?;
        let mut listed = Vec::new();
        for alert in list.alerts.iter().filter(|alert| alert.is_to(&self.url)) {
            listed.extend(self.request(alert).await?);
        }
        let next = list.meta.next_page_url.as_deref();
        Ok(Page {
            listed,
            next: next.and_then(listing::query_of).map(ToOwned::to_owned),
            date: reply.date(),
        })
    }

    /// The request that an alert is about, if it carried an event.
    async fn request(&self, alert: &Alert) -> Result<Option<Listed>, ApiError> {
        if !credential::is_word(&alert.sid) {
            return Err(ApiError::Unreadable("an alert's SID"));
        }
        let at = alert.at().ok_or(ApiError::Unreadable("an alert's time"))?;
        let whole = self.api.get(&format!("/v1/Alerts/{}", alert.sid)).await;
        let request: Request = match whole {
            Err(ApiError::NotFound { .. }) => return Ok(None),
            whole => whole?.json("an alert")?,
        };
        let copy = request.delivery().map(|delivery| Copy {
            delivery,
            as_sent: false,
        });
        let named = copy.and_then(|copy| Some((certain_id(&copy)?, copy)));
        Ok(named.map(|(id, copy)| Listed {
            id,
            at,
            handle: alert.sid.clone(),
            copy: Some(copy),
            again: false,
        }))
    }
}

impl Archive for Twilio {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.alerts(cursor, since).boxed()
    }
}
