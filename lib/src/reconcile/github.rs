//! GitHub's deliveries to a webhook of a repository, of an organisation or of a GitHub App.
//!
//! Every attempt is listed for three days, newest first, with the GUID that names the event; one attempt
//! read alone has the request's headers and its payload, whose JSON is written anew.
//!
//! Facts: <https://docs.github.com/en/rest/repos/webhooks>, <https://docs.github.com/en/rest/orgs/webhooks> and
//! <https://docs.github.com/en/rest/apps/webhooks>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use super::archive::{Archive, Copy, Fetched, Listed, Page, headers};
use super::credential::{self, BadCredential};
use crate::github_app::GitHubApp;
use crate::json::Members;
use crate::provider_api::{ApiError, Content, ProviderApi, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"token": "...", "repository": "owner/name", "hook": 1} or {"token": "...", "organization": "name", "hook": 1} or {"app": 1, "private_key": "..."}, each perhaps with "api": "https://HOST/api/v3""#;

const API: &str = "https://api.github.com";

/// The time for which attempts are listed.
const WINDOW: Duration = Duration::from_secs(3 * 24 * 3600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: Option<String>,
    repository: Option<String>,
    organization: Option<String>,
    hook: Option<u64>,
    app: Option<u64>,
    private_key: Option<String>,
    api: Option<String>,
}

#[derive(Debug)]
struct GitHub {
    base: String,
    hosts: ProviderHosts,
    access: Access,
    path: String,
    /// The webhook's id: given, or as the first delivery names it.
    hook: OnceCell<u64>,
}

/// Who asks.
enum Access {
    Token(String),
    App(GitHubApp),
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(..)")
    }
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    let bad = BadCredential::of(FORM);
    let (access, path) = match (given.token, given.app) {
        (Some(token), None) => {
            let path = match (&given.repository, &given.organization, given.hook) {
                (Some(name), None, Some(hook)) if is_owner(name, 2) => {
                    format!("/repos/{name}/hooks/{hook}/deliveries")
                }
                (None, Some(name), Some(hook)) if is_owner(name, 1) => {
                    format!("/orgs/{name}/hooks/{hook}/deliveries")
                }
                _ => return Err(bad),
            };
            (Access::Token(token), path)
        }
        (None, Some(id)) => {
            let key = given.private_key.as_deref().unwrap_or_default();
            let app = GitHubApp::new(id, key).map_err(|_| bad)?;
            (Access::App(app), "/app/hook/deliveries".to_owned())
        }
        _ => return Err(bad),
    };
    Ok(Box::new(GitHub {
        base: given.api.unwrap_or_else(|| API.to_owned()),
        hosts,
        access,
        path,
        hook: OnceCell::new_with(given.hook),
    }))
}

/// The name of an account, and that of a repository where one is meant.
fn is_owner(name: &str, parts: usize) -> bool {
    credential::is_path(name) && name.split('/').count() == parts
}

impl Access {
    fn authorization(&self) -> Result<String, ApiError> {
        let token = match self {
            Self::Token(token) => token.clone(),
            Self::App(app) => app.token(Timestamp::now())?,
        };
        Ok(format!("Bearer {token}"))
    }
}

/// An attempt, as the list has it.
#[derive(Deserialize)]
struct Attempt {
    id: u64,
    guid: String,
    delivered_at: String,
    #[serde(default)]
    redelivery: bool,
    event: String,
}

/// An attempt read alone.
#[derive(Deserialize)]
struct Whole {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    headers: Option<Members>,
    payload: Option<Box<RawValue>>,
}

impl GitHub {
    fn api(&self) -> Result<ProviderApi, ApiError> {
        let headers = [
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
            ("authorization", self.access.authorization()?),
        ];
        Ok(ProviderApi::new(
            self.hosts.clone(),
            self.base.clone(),
            headers,
        ))
    }

    async fn whole(&self, attempt: &str) -> Result<Whole, ApiError> {
        let path = format!("{}/{attempt}", self.path);
        self.api()?.get(&path).await?.json("a delivery")
    }

    /// The id of the webhook. A GitHub App's stands only in the headers of its deliveries.
    async fn hook(&self, attempt: u64) -> Result<u64, ApiError> {
        let named = || async {
            let whole = self.whole(&attempt.to_string()).await?;
            let headers = whole.request.headers.as_ref().map(headers);
            let named = headers
                .as_ref()
                .and_then(|headers| headers.get("x-github-hook-id"));
            let named = named.and_then(|id| id.parse().ok());
            named.ok_or(ApiError::Unreadable("a delivery that names its webhook"))
        };
        self.hook.get_or_try_init(named).await.copied()
    }

    async fn listed(&self, cursor: Option<&str>) -> Result<Page, ApiError> {
        let mut fields = vec![("per_page", "100")];
        fields.extend(cursor.map(|cursor| ("cursor", cursor)));
        let path = format!("{}?{}", self.path, query(&fields));
        let reply = self.api()?.get(&path).await?;
        let attempts: Vec<Attempt> = reply.json("a list of deliveries")?;
        let mut listed = Vec::new();
        // A ping is no event: no ledger has one.
        for attempt in attempts.iter().filter(|attempt| attempt.event != "ping") {
            let at = attempt.delivered_at.parse();
            listed.push(Listed {
                id: format!("{}:{}", self.hook(attempt.id).await?, attempt.guid),
                at: at.map_err(|_| ApiError::Unreadable("a time of delivery"))?,
                handle: attempt.id.to_string(),
                copy: None,
                again: attempt.redelivery,
            });
        }
        Ok(Page {
            listed,
            next: reply.next("cursor"),
            date: reply.date(),
        })
    }
}

impl Archive for GitHub {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.listed(cursor).boxed()
    }

    fn fetch<'a>(&'a self, listed: &'a Listed) -> BoxFuture<'a, Result<Fetched, ApiError>> {
        let fetched = async {
            let request = self.whole(&listed.handle).await?.request;
            let Some(payload) = request.payload.filter(|payload| payload.get() != "null") else {
                return Ok(Fetched::WithoutPayload);
            };
            let mut copy = Copy::of_json(payload.get(), false);
            copy.delivery.headers = request.headers.as_ref().map(headers).unwrap_or_default();
            // Its JSON, whatever form the webhook is set to.
            let headers = &mut copy.delivery.headers;
            headers.set("content-type", "application/json");
            Ok(Fetched::Copy(copy))
        };
        fetched.boxed()
    }

    fn send_again<'a>(&'a self, listed: &'a Listed) -> BoxFuture<'a, Result<(), ApiError>> {
        let asked = async {
            let path = format!("{}/{}/attempts", self.path, listed.handle);
            self.api()?.send("POST", &path, Content::None).await?;
            Ok(())
        };
        asked.boxed()
    }
}
