//! An AWS that agrees to everything after a fixed time. It keeps no more than a processor has to be
//! told again: items by key, and messages.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use webhooks_cli::failure::Failure;
use webhooks_cli::stack::development_secret;

use crate::proxy::operation;

/// The time that an answer takes.
pub const ANSWERS_AFTER: Duration = Duration::from_millis(3);

/// The running stand-in; it ends when this goes.
#[derive(Debug)]
pub struct StandIn {
    /// Calls answered so far.
    pub calls: Arc<AtomicU32>,
    address: SocketAddr,
    kept: Arc<Kept>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Kept {
    items: Mutex<HashMap<String, Map<String, Value>>>,
    objects: Mutex<HashMap<String, Bytes>>,
    encodings: Mutex<HashMap<String, HeaderValue>>,
    heard: Mutex<Option<Heard>>,
}

/// The calls and messages that it heard since it began to keep.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Operation and body of every call.
    pub calls: Vec<(String, Bytes)>,
    /// The messages that were sent.
    pub messages: Vec<String>,
}

impl StandIn {
    /// Starts it.
    ///
    /// # Errors
    /// [`Failure`] when it cannot listen.
    pub async fn start() -> Result<Self, Failure> {
        let failure = |error| Failure::new("the stand-in for AWS", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        let kept = Arc::<Kept>::default();
        let calls = Arc::<AtomicU32>::default();
        let (shared, counter) = (Arc::clone(&kept), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&shared), Arc::clone(&counter)));
            }
        });
        Ok(Self {
            calls,
            address,
            kept,
            task,
        })
    }

    /// Where it is, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Keeps items, objects, calls and messages from now on.
    pub fn keep(&self) {
        *lock(&self.kept.heard) = Some(Heard::default());
    }

    /// The calls and messages that it heard since [`Self::keep`]; nothing more is kept.
    pub fn heard(&self) -> Heard {
        lock(&self.kept.heard).take().unwrap_or_default()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(connection: TcpStream, kept: Arc<Kept>, calls: Arc<AtomicU32>) {
    // Small answers are not to wait for the acknowledgement of earlier ones.
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request| {
        calls.fetch_add(1, Ordering::Relaxed);
        answer(Arc::clone(&kept), request)
    });
    // A process that is killed leaves its connection in the middle.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

async fn answer(
    kept: Arc<Kept>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes());
    let body = body.unwrap_or_default();
    let started = Instant::now();
    let target = parts.headers.get("x-amz-target");
    let target = target.and_then(|value| value.to_str().ok());
    let operation = operation(target, &parts.method, &body);
    let encoding = parts.headers.get(ENCODING).cloned();
    let path = parts.uri.path();
    let answer = kept.says(&operation, path, body);
    let encoding = kept.encoding(&operation, path, encoding);
    tokio::time::sleep_until((started + ANSWERS_AFTER).into()).await;
    let mut response = Response::new(Full::new(answer));
    let media_type = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert("content-type", media_type);
    if let Some(encoding) = encoding {
        response.headers_mut().insert(ENCODING, encoding);
    }
    Ok(response)
}

/// The metadata of an object that names its encoding.
const ENCODING: &str = "x-amz-meta-encoding";

impl Kept {
    /// Keeps an object's encoding, or gives it back.
    fn encoding(
        &self,
        operation: &str,
        path: &str,
        encoding: Option<HeaderValue>,
    ) -> Option<HeaderValue> {
        let mut encodings = lock(&self.encodings);
        match (operation, encoding) {
            ("PutObject", Some(encoding)) => {
                encodings.insert(path.to_owned(), encoding);
                None
            }
            ("GetObject", _) => encodings.get(path).cloned(),
            _ => None,
        }
    }

    fn says(&self, operation: &str, path: &str, body: Bytes) -> Bytes {
        if let Some(heard) = lock(&self.heard).as_mut() {
            heard.calls.push((operation.to_owned(), body.clone()));
        }
        let answer = match operation {
            "PutItem" => self.put(&body),
            "UpdateItem" => update(&body),
            "SendMessage" => self.send(&body),
            "GetParametersByPath" => parameters(&read(&body)).to_string(),
            "GetItem" => self.get(&body),
            "BatchExecuteStatement" => answers("Responses", &read(&body)["Statements"], &json!({})),
            "PutEvents" => answers("Entries", &read(&body)["Entries"], &json!({"EventId": "1"})),
            "PutObject" => return self.put_object(path, body),
            "GetObject" => return lock(&self.objects).get(path).cloned().unwrap_or_default(),
            "Publish" => PUBLISHED.to_owned(),
            _ => "{}".to_owned(),
        };
        Bytes::from(answer)
    }

    fn keeps(&self) -> bool {
        lock(&self.heard).is_some()
    }

    fn put_object(&self, path: &str, body: Bytes) -> Bytes {
        if self.keeps() {
            lock(&self.objects).insert(path.to_owned(), body);
        }
        Bytes::new()
    }

    fn put(&self, body: &[u8]) -> String {
        if self.keeps()
            && let Value::Object(item) = read(body)["Item"].take()
            && let Some(pk) = item["pk"]["S"].as_str()
        {
            lock(&self.items).insert(pk.to_owned(), item);
        }
        "{}".to_owned()
    }

    fn get(&self, body: &[u8]) -> String {
        let request = read(body);
        let pk = request["Key"]["pk"]["S"].as_str().unwrap_or_default();
        match lock(&self.items).get(pk) {
            Some(item) => json!({"Item": item}).to_string(),
            None => "{}".to_owned(),
        }
    }

    fn send(&self, body: &[u8]) -> String {
        let mut request = read(body);
        let message = match request["MessageBody"].take() {
            Value::String(message) => message,
            _ => String::new(),
        };
        let digest = hex::encode(Md5::digest(message.as_bytes()));
        if let Some(heard) = lock(&self.heard).as_mut() {
            heard.messages.push(message);
        }
        json!({"MessageId": "1", "MD5OfMessageBody": digest}).to_string()
    }
}

/// A claim is told the state as it is after the claim.
fn update(body: &[u8]) -> String {
    let request = read(body);
    if request["ReturnValues"] != "ALL_NEW" {
        return "{}".to_owned();
    }
    let values = &request["ExpressionAttributeValues"];
    let state = json!({
        "pk": request["Key"]["pk"],
        "status": values[":processing"],
        "token": values[":token"],
        "due_at": values[":lease"],
        "overdue_at": values[":lease"],
        "attempts": {"N": "0"},
        "history": values[":entry"],
    });
    json!({"Attributes": state}).to_string()
}

/// The same answer for each that was asked for.
fn answers(name: &str, asked: &Value, answer: &Value) -> String {
    let asked = asked.as_array().map_or(0, Vec::len);
    json!({name: vec![answer; asked], "FailedEntryCount": 0}).to_string()
}

/// SNS still speaks XML.
const PUBLISHED: &str =
    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The secret of the source `default` of the provider that the path ends in.
pub(crate) fn parameters(request: &Value) -> Value {
    let path = request["Path"].as_str().unwrap_or_default();
    let provider = path.rsplit('/').next().unwrap_or_default();
    let parameter = json!({
        "Name": format!("{path}/default"),
        "Type": "SecureString",
        "Value": development_secret(provider),
    });
    json!({"Parameters": [parameter]})
}
