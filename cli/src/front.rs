//! The door before the functions: what a tunnel may be pointed at. `cargo lambda watch` serves
//! Lambda's invoke and runtime APIs beside the routes, to anybody and to any web page. So it
//! listens elsewhere, and this passes on the routes alone.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use serde_json::json;
use tokio::sync::mpsc::WeakUnboundedSender;

use crate::failure::Failure;
use crate::listener::{Listener, host, is_from_page, is_local, without_hops};
use crate::template::Function;
use crate::watch::Listening;

/// Largest request, in bytes: API Gateway's.
const REQUEST: usize = 10 * 1024 * 1024;

/// Headers in which a tunnel or a stranger says where a request was sent. They are set anew.
const FORWARDED: [&str; 4] = [
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];

/// The plan of a door: what stands behind it, and for whom it opens.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The port of the door.
    pub(crate) port: u16,
    /// The functions, with their routes.
    pub(crate) functions: &'a [Function],
    /// Where `cargo lambda watch` listens.
    pub(crate) upstream: String,
    /// The URL of a tunnel, whose host is welcome.
    pub(crate) public_url: Option<&'a str>,
    /// Whether that listens.
    pub(crate) listening: Listening,
    /// Hears of every request that is turned away for its host.
    pub(crate) log: WeakUnboundedSender<String>,
}

#[derive(Clone)]
struct Front {
    client: reqwest::Client,
    upstream: String,
    public_host: Option<String>,
    listening: Listening,
    log: WeakUnboundedSender<String>,
}

/// Opens the door.
pub(crate) fn open(plan: Plan<'_>) -> Result<Listener, Failure> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new("the routes", error))?;
    let front = Front {
        client,
        upstream: plan.upstream,
        public_host: plan.public_url.map(public_host).transpose()?,
        listening: plan.listening,
        log: plan.log,
    };
    let mut routes: BTreeMap<&str, MethodRouter<Front>> = BTreeMap::new();
    for (method, path) in plan.functions.iter().flat_map(|function| &function.routes) {
        let before = routes.remove(path.as_str()).unwrap_or_default();
        routes.insert(path, before.merge(route(method)?));
    }
    let add = |router: Router<Front>, (path, methods)| router.route(path, methods);
    let router = routes
        .into_iter()
        .fold(Router::new(), add)
        .layer(from_fn_with_state(front.clone(), admit))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .with_state(front);
    Listener::start(SocketAddr::from((Ipv4Addr::LOCALHOST, plan.port)), router)
}

fn route(method: &str) -> Result<MethodRouter<Front>, Failure> {
    if method.eq_ignore_ascii_case("ANY") {
        return Ok(any(pass));
    }
    let method: axum::http::Method = method
        .parse()
        .map_err(|error| Failure::new("a route's method", error))?;
    let filter = MethodFilter::try_from(method);
    Ok(on(
        filter.map_err(|error| Failure::new("a route's method", error))?,
        pass,
    ))
}

/// The host of the URL that providers are given.
fn public_host(url: &str) -> Result<String, Failure> {
    let parsed = reqwest::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(reqwest::Url::host_str);
    host.map(str::to_owned)
        .ok_or_else(|| Failure::usage("--public-url is not a URL such as https://abc.example.com"))
}

/// Turns away web pages, and whoever calls this machine by a name that is not its own.
async fn admit(State(front): State<Front>, request: Request, next: Next) -> Response {
    let named = host(request.headers()).unwrap_or_default();
    if is_from_page(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let public = front.public_host.as_deref();
    if !is_local(named) && !public.is_some_and(|public| public.eq_ignore_ascii_case(named)) {
        front.tell(named);
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

impl Front {
    fn tell(&self, host: &str) {
        let host: String = host
            .chars()
            .take(100)
            .flat_map(char::escape_default)
            .collect();
        let message = format!(
            "refused a request to {host}: that is not this machine; \
             if it is your tunnel, start with --public-url https://{host}"
        );
        // In the form of the functions' lines. Nobody listens while everything ends.
        let line = json!({ "message": message }).to_string();
        self.log.upgrade().map(|log| log.send(line));
    }
}

/// The answer where a function has none: its process ended, or `cargo lambda watch` did.
const NO_ANSWER: &str =
    "the function ended before it answered; the output of webhooks dev says why\n";

async fn pass(State(mut front): State<Front>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = front
        .client
        .request(parts.method, format!("{}{}", front.upstream, parts.uri))
        .headers(addressed(without_hops(parts.headers)))
        .body(body);
    front.listening.wait().await;
    match request.send().await {
        Ok(answer) => Response::from(axum::http::Response::from(answer).map(Body::new)),
        Err(_) => (StatusCode::BAD_GATEWAY, NO_ANSWER).into_response(),
    }
}

/// The headers with our own word on where the request was sent: its host was looked at.
fn addressed(mut headers: HeaderMap) -> HeaderMap {
    for name in FORWARDED {
        headers.remove(name);
    }
    if let Some(host) = headers.get("host").cloned() {
        headers.insert("x-forwarded-host", host);
        headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    }
    headers
}
