//! Linear: the webhooks of a workspace.
//!
//! Facts: <https://linear.app/developers/webhooks>, <https://linear.app/developers/graphql> and the types of the SDK,
//! <https://www.npmjs.com/package/@linear/sdk>. A key stands in the header as it is; an error comes with the status
//! 200 as well.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webhooks::provider_api::{ApiError, ProviderApi};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::Given;
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// Linear's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "linear",
    options: &[],
    form: r#"an API key, or {"key": "lin_api_..."}"#,
    right: "an admin's key, or an OAuth token with the scope admin",
    open,
};

const API: &str = "https://api.linear.app";

/// The resources that a webhook is told of where nothing else is said.
const RESOURCES: [&str; 3] = ["Issue", "Comment", "Project"];

const LIST: &str = "query($after: String) { webhooks(first: 50, after: $after) { nodes { id url enabled resourceTypes } pageInfo { hasNextPage endCursor } } }";

const CREATE: &str = "mutation($input: WebhookCreateInput!) { webhook: webhookCreate(input: $input) { success webhook { id } } }";

const UPDATE: &str = "mutation($id: String!, $input: WebhookUpdateInput!) { webhook: webhookUpdate(id: $id, input: $input) { success webhook { id } } }";

const DELETE: &str = "mutation($id: String!) { webhookDelete(id: $id) { success } }";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    key: String,
}

struct Workspace;

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let Credential { key } = given.read("key")?;
    let authorization = if key.starts_with("lin_api_") {
        key.clone()
    } else {
        format!("Bearer {key}")
    };
    Ok(Opened {
        connector: Box::new(Workspace),
        api: ProviderApi::new(hosts, API, [("authorization", authorization)]),
        base: API.to_owned(),
        hidden: vec![key],
        own: None,
    })
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<GraphQlError>,
}

#[derive(Deserialize)]
struct GraphQlError {
    message: String,
}

#[derive(Deserialize)]
struct List {
    webhooks: Connection,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    nodes: Vec<Webhook>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: String,
    url: Option<String>,
    enabled: bool,
    resource_types: Vec<String>,
}

#[derive(Deserialize)]
struct Changed {
    webhook: Payload,
}

#[derive(Deserialize)]
struct Payload {
    webhook: Id,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

impl Webhook {
    fn endpoint(self) -> Endpoint {
        let problem = Problem::mended("it is not enabled");
        Endpoint {
            id: self.id,
            url: self.url.unwrap_or_default(),
            events: self.resource_types,
            created: None,
            settings: Vec::new(),
            secret: None,
            problems: (!self.enabled).then_some(problem).into_iter().collect(),
        }
    }
}

fn graphql(query: &str, variables: Value) -> Call {
    let body = json!({"query": query, "variables": variables});
    Call::json("POST", "/graphql", body)
}

fn data<T: DeserializeOwned>(reply: &Reply) -> Result<T, ApiError> {
    let answer: Answer<T> = reply.json("an answer of GraphQL")?;
    let refused = || ApiError::Refused {
        status: reply.status,
        said: answer
            .errors
            .first()
            .map_or("no reason", |error| error.message.as_str())
            .to_owned(),
    };
    answer.data.ok_or_else(refused)
}

impl Connector for Workspace {
    fn choice(&self) -> Choice {
        Choice::Ours
    }

    fn is_single(&self) -> bool {
        false
    }

    fn list(&self) -> Call {
        graphql(LIST, json!({"after": null}))
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let List { webhooks } = data(reply)?;
        let PageInfo {
            has_next_page,
            end_cursor,
        } = webhooks.page_info;
        let after = end_cursor.filter(|_| has_next_page);
        Ok(Listed {
            endpoints: webhooks.nodes.into_iter().map(Webhook::endpoint).collect(),
            next: after.map(|after| graphql(LIST, json!({"after": after}))),
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        let resources = wish.events.map_or(json!(RESOURCES), |events| json!(events));
        let input = json!({
            "url": wish.url,
            "secret": wish.secret,
            "resourceTypes": resources,
            "allPublicTeams": true,
            "enabled": true,
        });
        graphql(CREATE, json!({"input": input}))
    }

    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call {
        let mut input = json!({"url": wish.url, "secret": wish.secret, "enabled": true});
        if let Some(events) = wish.events {
            input["resourceTypes"] = json!(events);
        }
        graphql(UPDATE, json!({"id": endpoint.id, "input": input}))
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let Changed { webhook } = data(reply)?;
        Ok(Made {
            id: webhook.webhook.id,
            secret: None,
        })
    }

    fn remove(&self, id: &str) -> Option<Call> {
        Some(graphql(DELETE, json!({"id": id})))
    }

    fn proof(&self, _: &str, _: &[String]) -> Proof {
        Proof::ByHand(
            "Linear has no test: change an issue, and look with webhooks events --provider linear",
        )
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}
