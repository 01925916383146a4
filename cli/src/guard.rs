//! The door before the emulator. The emulator itself does what anybody asks, of any service, for
//! any web page. So it listens at a socket in a private folder, where no page and no other user can
//! reach it, and this passes on what is signed with the keys of the run.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::failure::Failure;
use crate::keys::Keys;
use crate::listener::{Listener, host, is_from_page, is_local, without_hops};
use crate::signature::{names_key, signed_service};

/// Largest request, in bytes: a function's archive.
const REQUEST: usize = 64 * 1024 * 1024;

/// The part of the emulator that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The services that the stack uses, signed.
    InUse,
    /// Every service, signed, and the HTTP APIs that were deployed to it.
    Everything,
}

/// Services that the stack uses, by the names that requests are signed for.
pub(crate) const IN_USE: [&str; 9] = [
    "cloudformation",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "sts",
];

#[derive(Clone)]
struct Guard {
    emulator: reqwest::Client,
    reach: Reach,
    /// Whoever signs with one of these is welcome.
    keys: Vec<Keys>,
}

/// Opens the door.
pub(crate) fn stand(port: u16, socket: &Path, reach: Reach) -> Result<Listener, Failure> {
    let mut keys = vec![Keys::ours().clone()];
    if reach == Reach::Everything {
        keys.push(Keys::of_functions());
    }
    let guard = Guard {
        emulator: behind(socket)?,
        reach,
        keys,
    };
    let router = Router::new().fallback(pass).with_state(guard);
    Listener::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), router)
}

/// A client of what listens at a socket.
pub(crate) fn behind(socket: &Path) -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .unix_socket(socket)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new("the emulator's socket", error))
}

/// The verdict on a request before its body is read.
enum Head {
    Refused,
    /// For an API that was deployed to the emulator: its function looks at signatures itself.
    Api,
    /// It names our key, and its signature is still to be seen.
    Claimed,
}

impl Guard {
    fn head(&self, parts: &Parts) -> Head {
        let host = host(&parts.headers).unwrap_or_default();
        // Under /_ the emulator has its own affairs, such as everything that is in its queues.
        if is_from_page(&parts.headers) || parts.uri.path().starts_with("/_") {
            Head::Refused
        } else if self.reach == Reach::Everything && host.ends_with(".execute-api.localhost") {
            Head::Api
        } else if is_local(host) && self.claimed(parts).is_some() {
            Head::Claimed
        } else {
            Head::Refused
        }
    }

    /// The keys that a request says it is signed with.
    fn claimed(&self, parts: &Parts) -> Option<&Keys> {
        self.keys
            .iter()
            .find(|keys| names_key(keys, &parts.headers))
    }

    fn reaches(&self, service: &str) -> bool {
        self.reach == Reach::Everything || IN_USE.contains(&service)
    }
}

async fn pass(State(guard): State<Guard>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let head = guard.head(&parts);
    if matches!(head, Head::Refused) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(body) = to_bytes(body, REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let signed = || signed_service(guard.claimed(&parts)?, &parts, &body);
    if matches!(head, Head::Claimed) && !signed().is_some_and(|service| guard.reaches(service)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let url = format!("http://emulator{}", parts.uri);
    let request = guard.emulator.request(parts.method, url);
    let request = request.headers(without_hops(parts.headers)).body(body);
    match request.send().await {
        Ok(answer) => unshared(answer),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// The emulator lets every page read its answers; this does not.
fn unshared(answer: reqwest::Response) -> Response {
    let (mut parts, body) = axum::http::Response::from(answer).into_parts();
    let mut headers = HeaderMap::new();
    for (name, value) in &without_hops(parts.headers) {
        if !name.as_str().starts_with("access-control-") {
            headers.append(name, value.clone());
        }
    }
    parts.headers = headers;
    Response::from_parts(parts, Body::new(body))
}
