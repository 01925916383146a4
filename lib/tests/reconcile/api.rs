//! A server in place of a provider's API, which keeps what it was asked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use webhooks::provider_hosts::ProviderHosts;

/// A call, as the API got it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A running API. It ends with the test.
pub(crate) struct Api {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: JoinHandle<()>,
}

impl Asked {
    async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body: Bytes = to_bytes(body, usize::MAX).await.expect("a whole request");
        let query = parts.uri.query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes());
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            fields: fields.into_owned().collect(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("calls are UTF-8"),
        }
    }

    /// A field of the query; empty where it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Method and path.
    pub(crate) fn call(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status");
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).expect("a header's value");
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static(name), value);
        }
        response
    }
}

impl Api {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (kept, answer) = (asked.clone(), Arc::new(answer));
        let router = Router::new().fallback(move |request: Request| {
            let (kept, answer) = (kept.clone(), answer.clone());
            async move {
                let asked = Asked::read(request).await;
                let answer = answer(&asked);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(asked);
                answer
            }
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let serve = async { axum::serve(listener, router).await.expect("it serves") };
        Self {
            url: format!("http://{address}"),
            asked,
            server: tokio::spawn(serve),
        }
    }

    /// A way that leads to this server, whatever host is asked.
    pub(crate) fn hosts(&self) -> ProviderHosts {
        ProviderHosts::new(Some(self.url.clone()))
    }

    /// The calls until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// Method and path of the calls until now.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.asked().iter().map(Asked::call).collect()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}
