//! GitLab: the webhooks of a project or a group.
//!
//! Facts: <https://docs.gitlab.com/api/project_webhooks/>, <https://docs.gitlab.com/api/group_webhooks/>,
//! <https://docs.gitlab.com/user/project/integrations/webhooks/#auto-disabled-webhooks>. The events are members of a
//! webhook whose names end in `_events`; the token is never shown.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use webhooks::provider_api::{ApiError, ProviderApi};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::{Given, is_path};
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// GitLab's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "gitlab",
    options: &["project", "group"],
    form: r#"a token, or {"token": "glpat-...", "project": "group/name"} or {"token": "...", "group": "name"}, each perhaps with "api": "https://HOST/api/v4""#,
    right: "the scope api, as Maintainer of the project or Owner of the group",
    open,
};

const API: &str = "https://gitlab.com/api/v4";

/// The event that a webhook asks for where nothing else is said.
const PUSH: &str = "push_events";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: String,
    project: Option<String>,
    group: Option<String>,
    // The reconciler's credential names the webhook.
    #[serde(rename = "hook")]
    _hook: Option<u64>,
    api: Option<String>,
}

struct Hooks {
    path: String,
}

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let credential: Credential = given.read("token")?;
    let target = given.target;
    let owner = match (target.get("project"), target.get("group")) {
        (None, None) => (credential.project.as_deref(), credential.group.as_deref()),
        named => named,
    };
    let path = match owner {
        (Some(path), None) if is_path(path, 0) => format!("/projects/{}", path.replace('/', "%2F")),
        (None, Some(path)) if is_path(path, 0) => format!("/groups/{}", path.replace('/', "%2F")),
        _ => return Err(given.bad()),
    };
    let base = credential.api.unwrap_or_else(|| API.to_owned());
    Ok(Opened {
        connector: Box::new(Hooks {
            path: format!("{path}/hooks"),
        }),
        api: ProviderApi::bearer(hosts, base.clone(), &credential.token),
        base,
        hidden: vec![credential.token],
        own: None,
    })
}

#[derive(Deserialize)]
struct Hook {
    id: u64,
    url: String,
    #[serde(default)]
    enable_ssl_verification: bool,
    alert_status: Option<String>,
    disabled_until: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Hook {
    fn endpoint(self) -> Endpoint {
        let mut problems = Vec::new();
        if !self.enable_ssl_verification {
            problems.push(Problem::mended(
                "it does not check the certificate of the URL",
            ));
        }
        let status = self.alert_status.as_deref().unwrap_or("executable");
        if status != "executable" {
            let until = self.disabled_until.map(|until| format!(" until {until}"));
            problems.push(Problem::by_hand(
                format!("it is {status}{}, since too many deliveries failed", until.unwrap_or_default()),
                "look into the receiver's log for the reason; a test that arrives switches it on again: webhooks connect",
            ));
        }
        let asked = |(name, value): (&String, &Value)| {
            let is_asked = name.ends_with("_events") && *value == Value::Bool(true);
            is_asked.then(|| name.clone())
        };
        Endpoint {
            id: self.id.to_string(),
            url: self.url,
            events: self.rest.iter().filter_map(asked).collect(),
            created: None,
            settings: Vec::new(),
            secret: None,
            problems,
        }
    }
}

/// An endpoint as it is wanted, with the events that it asks for until now.
fn body(wish: &Wish<'_>, before: &[String]) -> Value {
    let mut body = json!({
        "url": wish.url,
        "token": wish.secret,
        "enable_ssl_verification": true,
    });
    if let Some(events) = wish.events {
        for event in before {
            body[event] = json!(false);
        }
        for event in events {
            body[event] = json!(true);
        }
    }
    body
}

impl Connector for Hooks {
    fn choice(&self) -> Choice {
        Choice::Ours
    }

    fn is_single(&self) -> bool {
        false
    }

    fn list(&self) -> Call {
        Call::get(format!("{}?per_page=100", self.path))
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let hooks: Vec<Hook> = reply.json("a list of webhooks")?;
        let next = reply.headers.get("x-next-page").map(str::trim);
        let next: Option<u64> = next.and_then(|page| page.parse().ok());
        Ok(Listed {
            endpoints: hooks.into_iter().map(Hook::endpoint).collect(),
            next: next.map(|page| Call::get(format!("{}?per_page=100&page={page}", self.path))),
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        // It asks for pushes unless it is told not to.
        Call::json("POST", self.path.clone(), body(wish, &[PUSH.to_owned()]))
    }

    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call {
        let path = format!("{}/{}", self.path, endpoint.id);
        Call::json("PUT", path, body(wish, &endpoint.events))
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let hook: Hook = reply.json("a webhook")?;
        Ok(Made {
            id: hook.id.to_string(),
            secret: None,
        })
    }

    fn remove(&self, id: &str) -> Option<Call> {
        Some(Call::bare("DELETE", format!("{}/{id}", self.path)))
    }

    fn proof(&self, id: &str, events: &[String]) -> Proof {
        let trigger = events.first().map_or(PUSH, String::as_str);
        Proof::Recorded(Call::bare(
            "POST",
            format!("{}/{id}/test/{trigger}", self.path),
        ))
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}
