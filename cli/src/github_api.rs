//! A stand-in for GitHub's API, which knows of deliveries that were sent.
//!
//! It has what the reconciler asks for, in one page: a webhook's list of deliveries, and each of them whole.
//!
//! Facts: <https://docs.github.com/en/rest/repos/webhooks>.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use webhooks::delivery::Delivery;
use webhooks::payload::{FORM, form_fields};
use webhooks::timestamp::Timestamp;

/// The provider whose API it is.
pub const PROVIDER: &str = "github";

/// The repository that has the webhooks.
const REPOSITORY: &str = "o/r";

/// What was sent, of which copies know alike.
#[derive(Clone, Debug, Default)]
pub struct GitHubApi(Arc<Mutex<Vec<Attempt>>>);

/// An attempt to deliver an event.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The webhook's id.
    pub hook: u64,
    /// The id of the event, the same for each attempt.
    pub guid: String,
    /// The event's name.
    pub event: String,
    /// The time at which it was made.
    pub at: Timestamp,
    /// The payload.
    pub payload: Value,
}

impl Attempt {
    /// The attempt that has made a delivery; none if it is not GitHub's.
    pub fn of(delivery: &Delivery, at: Timestamp) -> Option<Self> {
        let header = |name| delivery.headers.get(name);
        let payload = if header("content-type") == Some(FORM) {
            let mut fields = form_fields(&delivery.body).into_iter();
            let (_, payload) = fields.find(|(name, _)| name == "payload")?;
            serde_json::from_str(&payload)
        } else {
            serde_json::from_slice(&delivery.body)
        };
        Some(Self {
            hook: header("x-github-hook-id")?.parse().ok()?,
            guid: header("x-github-delivery")?.to_owned(),
            event: header("x-github-event")?.to_owned(),
            at,
            payload: payload.ok()?,
        })
    }

    fn listed(&self, id: usize) -> Value {
        json!({"id": id, "guid": self.guid, "delivered_at": self.at.to_string(), "event": self.event})
    }

    fn whole(&self, id: usize) -> Value {
        let headers = json!({
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Hook-ID": self.hook.to_string(),
        });
        let mut whole = self.listed(id);
        whole["request"] = json!({"headers": headers, "payload": self.payload});
        whole
    }
}

impl GitHubApi {
    /// Takes note of an attempt.
    pub fn note(&self, attempt: Attempt) {
        self.attempts().push(attempt);
    }

    /// A credential for a webhook's deliveries, with any token.
    pub fn credential(hook: u64, token: &str) -> Value {
        json!({"token": token, "repository": REPOSITORY, "hook": hook})
    }

    /// The webhooks that have sent something.
    pub fn hooks(&self) -> Vec<u64> {
        let mut hooks: Vec<_> = self.attempts().iter().map(|attempt| attempt.hook).collect();
        hooks.sort_unstable();
        hooks.dedup();
        hooks
    }

    /// Its paths.
    pub fn routes(&self) -> Router {
        let list = format!("/repos/{REPOSITORY}/hooks/{{hook}}/deliveries");
        Router::new()
            .route(&list, get(listed))
            .route(&format!("{list}/{{id}}"), get(whole))
            .with_state(self.clone())
    }

    fn attempts(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest first.
async fn listed(
    State(api): State<GitHubApi>,
    Path(hook): Path<u64>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    if !is_authorized(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let attempts = api.attempts();
    let attempts = attempts.iter().enumerate().rev();
    let of_hook = attempts.filter(|(_, attempt)| attempt.hook == hook);
    let list = of_hook.map(|(place, attempt)| attempt.listed(place + 1));
    (StatusCode::OK, Json(list.collect()))
}

async fn whole(
    State(api): State<GitHubApi>,
    Path((hook, id)): Path<(u64, usize)>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    if !is_authorized(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let attempts = api.attempts();
    let found = id.checked_sub(1).and_then(|place| attempts.get(place));
    match found.filter(|attempt| attempt.hook == hook) {
        Some(attempt) => (StatusCode::OK, Json(attempt.whole(id))),
        None => refusal(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let given = headers.get("authorization");
    given.is_some_and(|value| value.as_bytes().starts_with(b"Bearer "))
}

fn refusal(status: StatusCode, message: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({"message": message})))
}
