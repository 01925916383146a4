//! The emulator behind a listener that sees every operation, and may refuse it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::net::TcpListener;

/// Looks at an operation's name and passes it on, or answers 400 with a body.
type Judge = Arc<dyn Fn(&str) -> Option<&'static str> + Send + Sync>;

#[derive(Clone)]
struct Proxy {
    upstream: String,
    client: reqwest::Client,
    judge: Judge,
}

/// Starts a proxy and gives its URL.
pub(crate) async fn listen(
    upstream: String,
    judge: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let proxy = Proxy {
        upstream,
        client: reqwest::Client::new(),
        judge: Arc::new(judge),
    };
    let router = Router::new().fallback(pass_on).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn pass_on(State(proxy): State<Proxy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let operation = target
        .unwrap_or_default()
        .rsplit('.')
        .next()
        .unwrap_or_default();
    if let Some(refusal) = (proxy.judge)(operation) {
        let mut response = Response::new(Body::from(refusal));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    }
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let url = format!("{}{}", proxy.upstream, parts.uri);
    let request = proxy
        .client
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body);
    let answer = request.send().await.expect("the emulator answers");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = Body::from(answer.bytes().await.expect("a body"));
    response
}
