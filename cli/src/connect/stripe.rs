//! Stripe: the webhook endpoints of an account.
//!
//! The secret is shown once, in the answer to the call that makes an endpoint, and no call changes it. So an
//! endpoint gets another secret only by hand, in the Dashboard, or by a second endpoint beside it.
//!
//! Facts: <https://docs.stripe.com/api/webhook_endpoints>, <https://docs.stripe.com/webhooks#roll-endpoint-secrets>.

use serde::Deserialize;
use webhooks::provider_api::{ApiError, ProviderApi};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::Given;
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// Stripe's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "stripe",
    options: &[],
    form: r#"a key, or {"key": "rk_live_..."}"#,
    right: "a restricted key with Webhook Endpoints, write",
    open,
};

const API: &str = "https://api.stripe.com";

const PATH: &str = "/v1/webhook_endpoints";

/// The header with the API version of an answer: the account's, as no call names another.
const VERSION: &str = "stripe-version";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
    // The reconciler's credential names the endpoint.
    #[serde(rename = "endpoint")]
    _endpoint: Option<String>,
}

struct Stripe;

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let credential: Credential = given.read("key")?;
    Ok(Opened {
        connector: Box::new(Stripe),
        api: ProviderApi::bearer(hosts, API, &credential.key),
        base: API.to_owned(),
        hidden: vec![credential.key],
        own: None,
    })
}

#[derive(Deserialize)]
struct List {
    data: Vec<WebhookEndpoint>,
    has_more: bool,
}

#[derive(Deserialize)]
struct WebhookEndpoint {
    id: String,
    url: String,
    status: String,
    enabled_events: Vec<String>,
    created: i64,
    api_version: Option<String>,
    /// Of an endpoint for the events of connected accounts.
    application: Option<String>,
    description: Option<String>,
    secret: Option<String>,
}

impl WebhookEndpoint {
    /// The endpoint, and what is wrong with it at an account of that API version.
    fn endpoint(self, of_account: Option<&str>) -> Endpoint {
        let mut problems = Vec::new();
        // What Stripe's API tells of an event later is written in the account's.
        let others = self.api_version.as_deref().zip(of_account);
        if let Some((own, of_account)) = others.filter(|(own, of_account)| own != of_account) {
            problems.push(Problem::by_hand(
                format!(
                    "its events are of the API version {own}, and the account's is {of_account}, in which what never \
                     arrived is fetched"
                ),
                "upgrade the account in Stripe's Workbench, or let the handlers read both",
            ));
        }
        let settings = [
            ("api_version", self.api_version),
            ("connect", self.application.map(|_| "true".to_owned())),
            ("description", self.description),
        ];
        let settings = settings.into_iter();
        // By hand, or by Stripe after days of failures.
        if self.status != "enabled" {
            problems.push(Problem::mended(format!("it is {}", self.status)));
        }
        Endpoint {
            id: self.id,
            url: self.url,
            events: self.enabled_events,
            created: Some(Timestamp::from_seconds(self.created)),
            settings: settings
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            secret: None,
            problems,
        }
    }
}

fn events(wish: &Wish<'_>) -> Vec<(&'static str, String)> {
    let events = wish.events.unwrap_or_default().iter();
    events
        .map(|event| ("enabled_events[]", event.clone()))
        .collect()
}

impl Connector for Stripe {
    fn choice(&self) -> Choice {
        Choice::Provider
    }

    fn is_single(&self) -> bool {
        false
    }

    fn list(&self) -> Call {
        Call::get(format!("{PATH}?limit=100"))
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let list: List = reply.json("a list of webhook endpoints")?;
        let version = reply.headers.get(VERSION);
        let last = list.data.last().filter(|_| list.has_more);
        let next = last.map(|last| format!("{PATH}?limit=100&starting_after={}", last.id));
        Ok(Listed {
            next: next.map(Call::get),
            endpoints: list
                .data
                .into_iter()
                .map(|endpoint| endpoint.endpoint(version))
                .collect(),
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        let mut fields = vec![("url", wish.url.to_owned())];
        match wish.events {
            Some(_) => fields.extend(events(wish)),
            None => fields.push(("enabled_events[]", "*".to_owned())),
        }
        fields.extend(
            wish.beside
                .into_iter()
                .flat_map(|other| other.settings.clone()),
        );
        // The secret is in this answer alone. https://docs.stripe.com/api/idempotent_requests
        Call::form(PATH, fields).idempotent()
    }

    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call {
        let mut fields = vec![
            ("url", wish.url.to_owned()),
            ("disabled", "false".to_owned()),
        ];
        fields.extend(events(wish));
        Call::form(format!("{PATH}/{}", endpoint.id), fields)
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let made: WebhookEndpoint = reply.json("a webhook endpoint")?;
        Ok(Made {
            id: made.id,
            secret: made.secret,
        })
    }

    fn remove(&self, id: &str) -> Option<Call> {
        Some(Call::bare("DELETE", format!("{PATH}/{id}")))
    }

    fn proof(&self, _: &str, _: &[String]) -> Proof {
        Proof::ByHand(
            "Stripe's API sends no test; in a sandbox, stripe trigger charge.succeeded makes an event",
        )
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}
