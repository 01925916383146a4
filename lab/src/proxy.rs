//! A listener between a function and AWS that sees every call, and breaks those that a test wants
//! broken.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::request::Parts;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use webhooks_cli::failure::Failure;
use webhooks_cli::keys::Keys;
use webhooks_cli::signature::{claimed_service, sign_again};

/// One call to AWS, as it passes.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service, as signatures name it: `dynamodb`, `sqs`.
    pub service: String,
    /// The operation: `PutItem`, `SendMessage`, `PutObject`.
    pub operation: String,
    /// Path and query.
    pub target: String,
    /// The request's body.
    pub body: Bytes,
}

/// A fault that happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// AWS answers that something inside it is broken.
    Error,
    /// AWS answers that there are too many calls.
    Throttling,
    /// AWS refuses with that code.
    Refused(&'static str),
    /// AWS answers with that status and body.
    Answer(u16, &'static str),
    /// The connection is reset before AWS has heard anything.
    Reset,
    /// AWS does what it is asked, and the connection is reset before its answer arrives.
    LostAnswer,
    /// Nobody answers.
    Silence,
    /// The answer takes that many milliseconds.
    Slow(u64),
}

/// Looks at a call and says what happens to it.
pub type Judge = Arc<dyn Fn(&Call) -> Option<Fault> + Send + Sync>;

/// The connection ends without an answer.
#[derive(Debug)]
struct Broken;

/// A running proxy; it ends when this goes.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Way {
    upstream: String,
    client: reqwest::Client,
    judge: Judge,
    haste: u64,
}

impl Proxy {
    /// Starts a proxy before the AWS at `upstream`. What SQS hides stays hidden for a part of the
    /// time, one in `haste`.
    ///
    /// # Errors
    /// [`Failure`] when it cannot listen.
    pub async fn start(upstream: String, haste: u64, judge: Judge) -> Result<Self, Failure> {
        let failure = |error| Failure::new("the proxy", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        let way = Way {
            upstream,
            client: reqwest::Client::new(),
            judge,
            haste,
        };
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, way.clone()));
            }
        });
        Ok(Self { address, task })
    }

    /// Where AWS is, for whoever goes through this.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(connection: TcpStream, way: Way) {
    // Whatever ends early ends with a reset, as it does when a machine goes away.
    let _ = connection.set_zero_linger();
    let service = service_fn(move |request| {
        let way = way.clone();
        async move { way.pass(request).await }
    });
    // A broken connection is what was wanted.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

impl Way {
    async fn pass(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        let target = parts.uri.to_string();
        let named = parts.headers.get("x-amz-target");
        let named = named.and_then(|value| value.to_str().ok());
        let call = Call {
            service: claimed_service(&parts.headers)
                .unwrap_or_default()
                .to_owned(),
            operation: operation(named, &parts.method, &body),
            target,
            body,
        };
        let fault = (self.judge)(&call);
        match fault {
            Some(Fault::Error) => return Ok(refusal(&call, 500, "InternalServerError")),
            Some(Fault::Throttling) => return Ok(refusal(&call, 400, "ThrottlingException")),
            Some(Fault::Refused(code)) => return Ok(refusal(&call, 400, code)),
            Some(Fault::Answer(status, body)) => return Ok(answer(status, body)),
            Some(Fault::Reset) => return Err(Broken),
            Some(Fault::Silence) => match std::future::pending::<Infallible>().await {},
            Some(Fault::Slow(millis)) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Some(Fault::LostAnswer) | None => {}
        };
        let body = self.hasten(&call);
        if body != call.body {
            sign(&mut parts, &body);
        }
        // The host stays: it is signed.
        parts.headers.remove("content-length");
        let request = self
            .client
            .request(parts.method, format!("{}{}", self.upstream, call.target))
            .headers(parts.headers)
            .body(body);
        let answer = request.send().await.map_err(|_| Broken)?;
        if fault == Some(Fault::LostAnswer) {
            return Err(Broken);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|_| Broken)?;
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response.headers_mut().remove("transfer-encoding");
        Ok(response)
    }

    fn hasten(&self, call: &Call) -> Bytes {
        let field = match call.operation.as_str() {
            "ChangeMessageVisibility" => "VisibilityTimeout",
            "SendMessage" => "DelaySeconds",
            _ => return call.body.clone(),
        };
        let Ok(mut request) = serde_json::from_slice::<Value>(&call.body) else {
            return call.body.clone();
        };
        let Some(seconds) = request[field].as_u64() else {
            return call.body.clone();
        };
        // No less than it was: what is hidden comes a moment too late rather than too early.
        request[field] = json!(seconds.div_ceil(self.haste));
        Bytes::from(request.to_string())
    }
}

/// Signs a call whose body was changed.
fn sign(parts: &mut Parts, body: &[u8]) {
    let header = sign_again(Keys::ours(), parts, body);
    let header = header.and_then(|header| header.parse().ok());
    if let Some(header) = header {
        parts.headers.insert("authorization", header);
    }
}

/// The operation's name, as each of AWS's protocols says it.
pub(crate) fn operation(target: Option<&str>, method: &Method, body: &[u8]) -> String {
    if let Some(target) = target {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let action = body
        .strip_prefix(b"Action=")
        .and_then(|rest| rest.split(|byte| *byte == b'&').next());
    match (action, method) {
        (Some(action), _) => String::from_utf8_lossy(action).into_owned(),
        (None, &Method::PUT) => "PutObject".to_owned(),
        (None, &Method::GET) => "GetObject".to_owned(),
        (None, method) => method.to_string(),
    }
}

fn refusal(call: &Call, status: u16, code: &'static str) -> Response<Full<Bytes>> {
    let body = match call.operation.as_str() {
        "PutObject" | "GetObject" => {
            format!("<Error><Code>{code}</Code><Message>broken by a test</Message></Error>")
        }
        "Publish" => format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>broken by a test</Message></Error></ErrorResponse>"
        ),
        _ => json!({"__type": code, "message": "broken by a test"}).to_string(),
    };
    answer(status, body)
}

fn answer(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken by a test")
    }
}

impl std::error::Error for Broken {}
