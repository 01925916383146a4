//! A server that follows a provider's documentation: it refuses what that does not describe.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::place::Api;

/// A call, as the server got it.
pub(crate) struct Asked {
    /// Method and path.
    pub(crate) call: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// Answers a call; what the server knows is the first parameter.
pub(crate) type Answer = fn(&mut Value, &Asked) -> (u16, Value);

impl Asked {
    /// The body, if it says that it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        let is_json = self.content_type == "application/json";
        serde_json::from_str(&self.body).ok().filter(|_| is_json)
    }

    /// A field of a body that says that it is a form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let is_form = self.content_type == "application/x-www-form-urlencoded";
        let fields = url_fields(&self.body);
        let found = fields.into_iter().find(|(found, _)| found == name);
        found.filter(|_| is_form).map(|(_, value)| value)
    }
}

fn url_fields(text: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).expect("a query");
    url.query_pairs().into_owned().collect()
}

/// Starts a server that knows this at first. `/_state` shows and sets it, as with those of the descriptions.
pub(crate) async fn serve(first: Value, answer: Answer) -> Api {
    let mut first = first;
    first["calls"] = json!([]);
    let state = Arc::new(Mutex::new(first));
    let routes = Router::new().fallback(move |request: Request| {
        let state = state.clone();
        async move {
            let asked = read(request).await;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let (status, body) = respond(&mut state, &asked, answer);
            let status = StatusCode::from_u16(status).expect("a status");
            (
                status,
                [("content-type", "application/json")],
                body.to_string(),
            )
        }
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, routes).await });
    Api {
        url: format!("http://{address}"),
        _process: None,
    }
}

fn respond(state: &mut Value, asked: &Asked, answer: Answer) -> (u16, Value) {
    match asked.call.as_str() {
        "GET /_state" => return (200, state.clone()),
        "PATCH /_state" => {
            let set: Value = serde_json::from_str(&asked.body).expect("JSON");
            for (name, value) in set.as_object().expect("an object") {
                state[name] = value.clone();
            }
            return (200, json!({}));
        }
        _ => {}
    }
    let calls = state["calls"].as_array_mut().expect("a list");
    calls.push(json!(asked.call));
    answer(state, asked)
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let header = |name| {
        let value = parts.headers.get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let body = to_bytes(body, usize::MAX).await.expect("a whole request");
    Asked {
        call: format!("{} {}", parts.method, parts.uri.path()),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: String::from_utf8(body.to_vec()).expect("calls are UTF-8"),
    }
}
