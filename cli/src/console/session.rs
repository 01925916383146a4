//! The checks on every request. Pages of other origins, other users of this machine and names that are led to it
//! (DNS rebinding) get nothing.
//!
//! The first URL has a token, which works once and is exchanged for a cookie that only this console knows.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use webhooks::signature::sha256;

use super::query::Query;
use super::server::Console;

/// The field in which a form says that one of our pages has made it.
pub(super) const FORM_KEY: &str = "form_key";

/// Headers of every answer. No inline script or style runs, and nothing comes from another host.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The secrets of one run.
pub(super) struct Session {
    port: u16,
    /// None once it was used.
    token: Mutex<Option<String>>,
    cookie: String,
    form_key: String,
}

/// The verdict on a request.
enum Verdict {
    Welcome,
    /// It brings the token.
    First,
    Refused(&'static str),
}

impl Session {
    pub(super) fn new(port: u16) -> Self {
        Self {
            port,
            token: Mutex::new(Some(random())),
            cookie: random(),
            form_key: random(),
        }
    }

    /// The URL that begins the session.
    pub(super) fn first_url(&self) -> String {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = token.as_deref().unwrap_or_default();
        format!("http://127.0.0.1:{}/?token={token}", self.port)
    }

    /// The value of [`FORM_KEY`] in our forms.
    pub(super) fn form_key(&self) -> &str {
        &self.form_key
    }

    /// True if one of our pages has made the form.
    pub(super) fn made(&self, form: &Query) -> bool {
        is_same(form.get(FORM_KEY), &self.form_key)
    }

    fn judge(&self, request: &Request) -> Verdict {
        let headers = request.headers();
        let Some(host) = self.our_host(headers) else {
            return Verdict::Refused("another host was asked for");
        };
        if !comes_from_here(request.method(), headers, host) {
            return Verdict::Refused("a page of another origin asked");
        }
        let query = Query::read(request.uri().query());
        if request.method() == Method::GET && query.has("token") && self.takes(query.get("token")) {
            return Verdict::First;
        }
        if self.has_cookie(headers) {
            Verdict::Welcome
        } else {
            Verdict::Refused(
                "open the address that webhooks console has printed; it works once, so run the command again \
                 where it was used",
            )
        }
    }

    /// The host that was asked for, if it is ours.
    fn our_host<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return None;
        };
        let host = host.to_str().ok()?;
        let ours = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        ours.iter().any(|name| name == host).then_some(host)
    }

    /// True for the token, the first time.
    fn takes(&self, token: &str) -> bool {
        let mut ours = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ours = ours.as_deref().is_some_and(|ours| is_same(token, ours));
        if is_ours {
            *ours = None;
        }
        is_ours
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let cookies = headers.get_all(COOKIE).iter();
        let mut cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='));
        cookies.any(|(key, value)| key == name && is_same(value, &self.cookie))
    }

    /// Browsers share cookies between the ports of a host.
    fn cookie_name(&self) -> String {
        format!("webhooks-console-{}", self.port)
    }

    fn begin(&self) -> Response {
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie_name(),
            self.cookie
        );
        let headers = [(LOCATION, "/".to_owned()), (SET_COOKIE, cookie)];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

/// Lets a request pass that our browser makes for our pages, and sets the headers of every answer.
pub(super) async fn guard(
    State(console): State<Arc<Console>>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = match console.session.judge(&request) {
        Verdict::Welcome => next.run(request).await,
        Verdict::First => console.session.begin(),
        Verdict::Refused(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    };
    for (name, value) in HEADERS {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// True if no page of another origin asks. A form of ours that is sent under `no-referrer` has the origin `null`,
/// as a stranger's can have; what no page can write is `Sec-Fetch-Site`.
fn comes_from_here(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let text = |value: &HeaderValue| value.to_str().unwrap_or("?").to_owned();
    let site = headers.get("sec-fetch-site").map(text);
    if !matches!(site.as_deref(), None | Some("same-origin" | "none")) {
        return false;
    }
    let mut origins = headers.get_all(ORIGIN).iter().map(text);
    match (origins.next().as_deref(), origins.next()) {
        (None, _) => matches!(*method, Method::GET | Method::HEAD),
        (Some("null"), None) => site.as_deref() == Some("same-origin"),
        (Some(origin), None) => origin == format!("http://{host}"),
        (Some(_), Some(_)) => false,
    }
}

/// Compares digests, so that the time it takes says nothing of the secret.
fn is_same(theirs: &str, ours: &str) -> bool {
    sha256(theirs.as_bytes()) == sha256(ours.as_bytes())
}

/// 244 bits that nobody can guess.
fn random() -> String {
    format!(
        "{}{}",
        Uuid::new_v4().as_simple(),
        Uuid::new_v4().as_simple()
    )
}
