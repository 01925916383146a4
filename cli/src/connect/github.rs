//! GitHub: the webhooks of a repository and of an organisation, and the one of a GitHub App.
//!
//! Facts: <https://docs.github.com/en/rest/repos/webhooks>, <https://docs.github.com/en/rest/orgs/webhooks>,
//! <https://docs.github.com/en/rest/apps/webhooks>. A change of the configuration without a secret takes the
//! secret away, so that every call has it.

use serde::Deserialize;
use serde_json::{Value, json};
use webhooks::github_app::GitHubApp;
use webhooks::provider_api::{ApiError, ProviderApi};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::{Given, is_path};
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// GitHub's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "github",
    options: &["repo", "org", "app"],
    form: r#"a token, or {"token": "...", "repository": "owner/name"}, {"token": "...", "organization": "name"} or {"app": 1, "private_key": "..."}"#,
    right: "Webhooks, read and write (fine-grained), or write:repo_hook or admin:org_hook (classic)",
    open,
};

const API: &str = "https://api.github.com";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: Option<String>,
    repository: Option<String>,
    organization: Option<String>,
    // The reconciler's credential names the webhook.
    #[serde(rename = "hook")]
    _hook: Option<u64>,
    app: Option<u64>,
    private_key: Option<String>,
    api: Option<String>,
}

/// The webhooks of a repository or an organisation.
struct Hooks {
    path: String,
}

/// The webhook of an App. It is always there, and its events are set in the App's settings.
struct AppHook;

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let credential: Credential = given.read("token")?;
    let target = given.target;
    let repository = target.get("repo").or(credential.repository.as_deref());
    let organization = target.get("org").or(credential.organization.as_deref());
    let base = credential.api.unwrap_or_else(|| API.to_owned());
    let (connector, token): (Box<dyn Connector>, _) = match (credential.token, credential.app) {
        (Some(token), None) if target.get("app").is_none() => {
            // What the command line names goes before what the credential does.
            let path = match (target.get("org"), repository, organization) {
                (None, Some(name), _) if is_path(name, 2) => format!("/repos/{name}/hooks"),
                (_, _, Some(name)) if is_path(name, 1) => format!("/orgs/{name}/hooks"),
                _ => return Err(given.bad()),
            };
            (Box::new(Hooks { path }), token)
        }
        (None, Some(id)) => {
            let key = credential.private_key.as_deref().unwrap_or_default();
            let app = GitHubApp::new(id, key).map_err(|_| given.bad())?;
            let token = app.token(Timestamp::now()).map_err(|_| given.bad())?;
            (Box::new(AppHook), token)
        }
        _ => return Err(given.bad()),
    };
    let headers = [
        ("accept", "application/vnd.github+json".to_owned()),
        ("x-github-api-version", "2022-11-28".to_owned()),
        ("authorization", format!("Bearer {token}")),
    ];
    Ok(Opened {
        connector,
        api: ProviderApi::new(hosts, base.clone(), headers),
        base,
        hidden: [token].into_iter().chain(credential.private_key).collect(),
        own: None,
    })
}

/// A webhook, as GitHub lists it.
#[derive(Deserialize)]
struct Hook {
    id: u64,
    active: bool,
    events: Vec<String>,
    config: Config,
    last_response: Option<LastResponse>,
}

#[derive(Deserialize)]
struct Config {
    url: Option<String>,
    content_type: Option<String>,
    insecure_ssl: Option<Value>,
    /// Asterisks, if there is one.
    secret: Option<String>,
}

#[derive(Deserialize)]
struct LastResponse {
    code: Option<u16>,
}

/// An attempt to deliver, as the list has it.
#[derive(Deserialize)]
struct Attempt {
    event: String,
    delivered_at: String,
    status_code: u16,
}

impl Config {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.secret.is_none() {
            problems.push(Problem::mended(
                "it has no secret, so that nothing is signed",
            ));
        }
        if self.content_type.as_deref() != Some("json") {
            problems.push(Problem::mended(
                "its content type is application/x-www-form-urlencoded and not application/json",
            ));
        }
        let insecure = self.insecure_ssl.as_ref();
        if insecure.is_some_and(|value| *value == json!("1") || *value == json!(1)) {
            problems.push(Problem::mended(
                "it does not check the certificate of the URL",
            ));
        }
        problems
    }
}

impl Hook {
    fn endpoint(self) -> Endpoint {
        let mut problems = self.config.problems();
        if !self.active {
            problems.push(Problem::mended("it is not active"));
        }
        if self.events.is_empty() {
            problems.push(Problem::mended("it asks for no event"));
        }
        let failed = |code: &u16| !(200..300).contains(code);
        let last = self.last_response.and_then(|last| last.code);
        // 0 until there was a delivery.
        if let Some(code) = last.filter(|code| *code != 0).filter(failed) {
            problems.push(Problem::by_hand(
                format!("its last delivery was answered with {code}"),
                "look for the reason in the log of the receiver; of 401, set the secret anew with webhooks connect",
            ));
        }
        Endpoint {
            id: self.id.to_string(),
            url: self.config.url.unwrap_or_default(),
            events: self.events,
            created: None,
            settings: Vec::new(),
            secret: None,
            problems,
        }
    }
}

/// The configuration that an endpoint is to have.
fn config(wish: &Wish<'_>) -> Value {
    json!({
        "url": wish.url,
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": wish.secret,
    })
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
        let next = reply.next("page");
        let next = next.filter(|page| page.bytes().all(|byte| byte.is_ascii_digit()));
        Ok(Listed {
            endpoints: hooks.into_iter().map(Hook::endpoint).collect(),
            next: next.map(|page| Call::get(format!("{}?per_page=100&page={page}", self.path))),
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        let push = ["push".to_owned()];
        let events = wish.events.unwrap_or(&push);
        let body = json!({"name": "web", "active": true, "events": events, "config": config(wish)});
        Call::json("POST", self.path.clone(), body)
    }

    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call {
        let mut body = json!({"active": true, "config": config(wish)});
        if let Some(events) = wish.events {
            body["events"] = json!(events);
        }
        Call::json("PATCH", format!("{}/{}", self.path, endpoint.id), body)
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

    fn proof(&self, id: &str, _: &[String]) -> Proof {
        Proof::Listed {
            test: Call::bare("POST", format!("{}/{id}/pings", self.path)),
            list: Call::get(format!("{}/{id}/deliveries?per_page=100", self.path)),
        }
    }

    fn answered(&self, reply: &Reply, since: Timestamp) -> Result<Option<u16>, ApiError> {
        let attempts: Vec<Attempt> = reply.json("a list of deliveries")?;
        let is_later = |attempt: &Attempt| {
            let at = attempt.delivered_at.parse::<Timestamp>();
            at.is_ok_and(|at| at >= since)
        };
        let mut pings = attempts.iter().filter(|attempt| attempt.event == "ping");
        Ok(pings
            .find(|ping| is_later(ping))
            .map(|ping| ping.status_code))
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}

impl Connector for AppHook {
    fn choice(&self) -> Choice {
        Choice::Ours
    }

    fn is_single(&self) -> bool {
        true
    }

    fn list(&self) -> Call {
        Call::get("/app/hook/config")
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let config: Config = reply.json("a webhook's configuration")?;
        let endpoint = Endpoint {
            id: "app".to_owned(),
            problems: config.problems(),
            url: config.url.unwrap_or_default(),
            events: Vec::new(),
            created: None,
            settings: Vec::new(),
            secret: None,
        };
        Ok(Listed {
            endpoints: vec![endpoint],
            next: None,
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        Call::json("PATCH", "/app/hook/config", config(wish))
    }

    fn update(&self, _: &Endpoint, wish: &Wish<'_>) -> Call {
        self.create(wish)
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let _: Config = reply.json("a webhook's configuration")?;
        Ok(Made {
            id: "app".to_owned(),
            secret: None,
        })
    }

    fn remove(&self, _: &str) -> Option<Call> {
        None
    }

    fn proof(&self, _: &str, _: &[String]) -> Proof {
        Proof::ByHand("an App has no ping: the next event shows whether it arrives")
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        Some(
            "tick the events in the App's settings, under Permissions & events: GitHub's API does not set them",
        )
    }
}
