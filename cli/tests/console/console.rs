//! A running console, and requests to it that are made by hand.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::command::webhooks;
use crate::support::World;

/// Largest request that goes to the emulator.
const REQUEST: usize = 1 << 20;

/// A running console.
pub(crate) struct Console {
    pub(crate) base: String,
    pub(crate) first_url: String,
    pub(crate) client: Client,
    pub(crate) reads: Reads,
    _child: Child,
    _lines: Lines<BufReader<ChildStdout>>,
}

/// The requests to DynamoDB that the emulator got from the console.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<AtomicUsize>, Arc<AtomicBool>);

impl Reads {
    /// Lets no more requests through.
    pub(crate) fn cut(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    /// Those since the last time that this was asked.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Console {
    /// Starts one with these options, which has no session yet.
    pub(crate) async fn start(world: &World, options: &[&str]) -> Self {
        let reads = Reads::default();
        let endpoint = counted(world.endpoint(), reads.clone()).await;
        let arguments = [&["console", "--no-open"], options].concat();
        let mut command = webhooks(world, &arguments).await;
        command.env("AWS_ENDPOINT_URL", endpoint);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await;
        let line = line.expect("a line").expect("it says where it is");
        let first_url = line.strip_prefix("console").expect("its address").trim();
        let (base, _) = first_url.split_once("/?token=").expect("a token");
        let client = Client::builder().redirect(Policy::none());
        reads.take();
        Self {
            base: base.to_owned(),
            first_url: first_url.to_owned(),
            client: client.build().expect("a client"),
            reads,
            _child: child,
            _lines: lines,
        }
    }

    /// Begins the session; gives its cookie.
    pub(crate) async fn cookie(&self) -> String {
        let first = self.client.get(&self.first_url).send().await;
        let first = first.expect("an answer");
        assert_eq!(first.status(), 303);
        let cookie = first.headers()["set-cookie"].to_str().expect("text");
        cookie.split(';').next().expect("a pair").to_owned()
    }

    /// The request for a page.
    pub(crate) fn get(&self, path: &str, cookie: &str) -> RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.base));
        request.header("cookie", cookie)
    }

    /// The request that a form makes.
    pub(crate) fn post(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let mut body = form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(form).finish();
        let request = self.client.post(format!("{}{path}", self.base));
        request
            .header("cookie", cookie)
            .header("origin", &self.base)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// A page as text, and its status.
    pub(crate) async fn page(&self, path: &str, cookie: &str) -> (u16, String) {
        said(self.get(path, cookie)).await
    }
}

/// The status and the text of an answer.
pub(crate) async fn said(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.expect("an answer");
    (
        answer.status().as_u16(),
        answer.text().await.expect("its text"),
    )
}

/// The key that our forms carry.
pub(crate) fn form_key(html: &str) -> String {
    let (_, rest) = html
        .split_once("name=\"form_key\" value=\"")
        .expect("a form");
    rest.split('"').next().expect("its end").to_owned()
}

/// Stands before the emulator and counts.
async fn counted(upstream: String, reads: Reads) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("its address");
    let client = Client::new();
    let router = Router::new()
        .fallback(pass)
        .with_state((client, upstream, reads));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn pass(
    State((client, upstream, reads)): State<(Client, String, Reads)>,
    request: Request,
) -> Response {
    if reads.1.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target");
    if target.is_some_and(|target| target.as_bytes().starts_with(b"DynamoDB_")) {
        reads.0.fetch_add(1, Ordering::Relaxed);
    }
    let body = to_bytes(body, REQUEST).await.expect("a body");
    let request = client.request(parts.method, format!("{upstream}{}", parts.uri));
    let answer = request.headers(parts.headers).body(body).send().await;
    let answer = axum::http::Response::from(answer.expect("the emulator answers"));
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove("transfer-encoding");
    Response::from_parts(parts, Body::new(body))
}
