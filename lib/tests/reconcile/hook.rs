//! A webhook at GitHub with any number of attempts, and what can go wrong while they are read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Method};
use webhooks::provider::{Provider, catalog};
use webhooks::reconcile::archive::Archive;
use webhooks::timestamp::Timestamp;

use crate::api::{Answer, Api, Asked};
use crate::case::open;

const LIST: &str = "/repos/octo/hello/hooks/1/deliveries";

/// An attempt to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: u64,
    pub(crate) guid: String,
    pub(crate) at: Timestamp,
    pub(crate) again: bool,
    pub(crate) event: &'static str,
    /// What GitHub still has of it.
    pub(crate) kept: Kept,
}

/// What GitHub still has of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    All,
    NoPayload,
    Nothing,
    /// It does not want to say.
    Secret,
}

/// What GitHub knows, newest first, and how it answers.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) page: usize,
    /// One more attempt is made whenever the list is read.
    pub(crate) is_busy: bool,
    /// The second page is empty, and there are more.
    pub(crate) has_empty_page: bool,
    /// Calls that are answered before GitHub wants a pause of a second.
    pub(crate) calls_left: Option<usize>,
    pub(crate) is_down: bool,
    /// The token may read, and nothing more.
    pub(crate) is_read_only: bool,
    /// Seconds that its clock is ahead.
    pub(crate) ahead: i64,
    /// The attempts that it was asked to make again.
    pub(crate) asked_again: Vec<u64>,
}

/// The webhook, and its API.
pub(crate) struct Hook {
    state: Arc<Mutex<State>>,
    pub(crate) api: Api,
}

impl Attempt {
    /// An attempt so many seconds ago.
    pub(crate) fn new(id: u64, seconds: i64) -> Self {
        Self {
            id,
            guid: format!("00000000-0000-4000-8000-{id:012}"),
            at: Timestamp::from_seconds(Timestamp::now().seconds() - seconds),
            again: false,
            event: "push",
            kept: Kept::All,
        }
    }

    /// The request that it is.
    pub(crate) fn delivery(&self) -> Delivery {
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", self.event),
            ("x-github-delivery", &self.guid),
            ("x-github-hook-id", "1"),
        ];
        Delivery {
            method: Method::Post,
            urls: Vec::new(),
            query: String::new(),
            headers: headers.into_iter().collect(),
            body: json!({"ref": "refs/heads/main", "number": self.id})
                .to_string()
                .into_bytes(),
        }
    }

    /// The id that the ledger has for it.
    pub(crate) fn key(&self) -> String {
        format!("1:{}", self.guid)
    }
}

impl Hook {
    /// A webhook with these attempts.
    pub(crate) async fn with(attempts: Vec<Attempt>) -> Self {
        let state = Arc::new(Mutex::new(State {
            attempts,
            page: 10,
            is_busy: false,
            has_empty_page: false,
            calls_left: None,
            is_down: false,
            is_read_only: false,
            ahead: 0,
            asked_again: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let api = Api::start(move |asked| lock(&shared).answer(asked)).await;
        Self { state, api }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn archive(&self) -> Box<dyn Archive> {
        let credential = r#"{"token": "t", "repository": "octo/hello", "hook": 1}"#;
        open("github", credential, &self.api)
    }

    /// The cursors of the pages that were read.
    pub(crate) fn cursors(&self) -> Vec<String> {
        let asked = self.api.asked().into_iter();
        asked
            .filter(|asked| asked.path == LIST)
            .map(|asked| asked.field("cursor").to_owned())
            .collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// GitHub, as a receiver knows it.
pub(crate) fn github() -> &'static dyn Provider {
    catalog::by_name("github").expect("the provider is listed")
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let date = SystemTime::now() + Duration::from_secs(self.ahead.unsigned_abs());
        let date = if self.ahead < 0 {
            SystemTime::now() - Duration::from_secs(self.ahead.unsigned_abs())
        } else {
            date
        };
        let answer = match self.calls_left.as_mut() {
            _ if self.is_down => Answer::json(503, "{}"),
            Some(0) => {
                self.calls_left = None;
                Answer::json(403, "{}").with("retry-after", "1")
            }
            left => {
                if let Some(left) = left {
                    *left -= 1;
                }
                self.known(asked)
            }
        };
        answer.with("date", httpdate::fmt_http_date(date))
    }

    fn known(&mut self, asked: &Asked) -> Answer {
        let Some(rest) = asked.path.strip_prefix(LIST) else {
            return Answer::json(404, r#"{"message": "Not Found"}"#);
        };
        let id = rest.trim_start_matches('/').split('/').next();
        let id: Option<u64> = id.and_then(|id| id.parse().ok());
        match (asked.method.as_str(), id) {
            ("GET", None) => self.list(asked.field("cursor")),
            ("POST", _) if self.is_read_only => {
                Answer::json(403, r#"{"message": "Resource not accessible"}"#)
            }
            ("POST", Some(id)) => {
                self.asked_again.push(id);
                Answer::json(202, "{}")
            }
            (_, id) => self.alone(id),
        }
    }

    /// A page. Its cursor counts attempts, so that the list shifts when another is made.
    fn list(&mut self, cursor: &str) -> Answer {
        if self.is_busy {
            let next = u64::try_from(self.attempts.len()).expect("few") + 10_000;
            self.attempts.insert(0, Attempt::new(next, 0));
        }
        let (start, is_second) = match cursor {
            "" => (0, false),
            "empty" => (self.page, false),
            cursor => (
                cursor.parse().expect("a cursor"),
                cursor == self.page.to_string(),
            ),
        };
        if is_second && self.has_empty_page {
            return Answer::json(200, "[]").with("link", link("empty"));
        }
        let end = (start + self.page).min(self.attempts.len());
        let page: Vec<_> = self.attempts[start..end].iter().map(listed).collect();
        let answer = Answer::json(200, Value::from(page).to_string());
        if end < self.attempts.len() {
            answer.with("link", link(&end.to_string()))
        } else {
            answer
        }
    }

    fn alone(&self, id: Option<u64>) -> Answer {
        let attempt = self
            .attempts
            .iter()
            .find(|attempt| Some(attempt.id) == id && attempt.kept != Kept::Nothing);
        let Some(attempt) = attempt else {
            return Answer::json(404, r#"{"message": "Not Found"}"#);
        };
        if attempt.kept == Kept::Secret {
            return Answer::json(422, r#"{"message": "Validation Failed"}"#);
        }
        let headers = json!({
            "X-GitHub-Event": attempt.event,
            "X-GitHub-Delivery": attempt.guid,
            "X-GitHub-Hook-ID": "1",
        });
        let payload = match attempt.kept {
            Kept::All => json!({"ref": "refs/heads/main", "number": attempt.id}),
            Kept::NoPayload | Kept::Nothing | Kept::Secret => Value::Null,
        };
        let whole = json!({"request": {"headers": headers, "payload": payload}});
        Answer::json(200, whole.to_string())
    }
}

fn link(cursor: &str) -> String {
    format!("<https://api.github.com{LIST}?per_page=100&cursor={cursor}>; rel=\"next\"")
}

fn listed(attempt: &Attempt) -> Value {
    json!({
        "id": attempt.id,
        "guid": attempt.guid,
        "delivered_at": attempt.at.to_string(),
        "redelivery": attempt.again,
        "event": attempt.event,
        "action": null,
    })
}
