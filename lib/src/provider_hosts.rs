//! The providers' own web hosts, from which published keys and lists of addresses are read, and where their
//! APIs are.
//!
//! By TLS, with the roots of trust of the system, without following a redirect, and no more of an answer
//! than its reader allows.

use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};

use crate::delivery::Headers;

/// A way to the providers' hosts, by the HTTP client that the SDK uses.
#[derive(Clone, Debug, Default)]
pub struct ProviderHosts {
    /// In place of all hosts.
    mirror: Option<Arc<str>>,
    /// Made when it is needed first: to read the roots of trust takes milliseconds.
    connector: Arc<OnceLock<Connector>>,
}

/// A call to a provider's host.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The method.
    pub method: &'static str,
    /// Scheme and host.
    pub host: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers beside those that every call has.
    pub headers: &'a [(&'static str, String)],
    /// The body with its media type, if there is one.
    pub content: Option<(&'static str, &'a [u8])>,
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// The reason why something cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// Nobody answers, or it is no address.
    #[error("no answer")]
    NoAnswer,
    /// It answers something else than 200.
    #[error("status {0}")]
    Status(u16),
    /// It breaks off, or goes on beyond the limit.
    #[error("the answer breaks off or is too long")]
    Body,
}

impl ProviderHosts {
    /// The hosts, or `mirror`, scheme and host, in place of all of them.
    pub fn new(mirror: Option<String>) -> Self {
        Self {
            mirror: mirror.map(Arc::from),
            ..Self::default()
        }
    }

    /// Reads what is at a host, scheme and host, under a path. With `ask`, a JSON text, it is asked for by
    /// POST. At most `limit` bytes are read; the time is for the caller to limit.
    ///
    /// # Errors
    /// [`NotRead`] for every answer but a whole 200; a redirect is one of them.
    pub async fn read(
        &self,
        host: &str,
        path: &str,
        ask: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<u8>, NotRead> {
        let call = Call {
            method: if ask.is_some() { "POST" } else { "GET" },
            host,
            path,
            headers: &[],
            content: ask.map(|text| ("application/json", text)),
        };
        let response = self.send(call).await?;
        match response.status().as_u16() {
            200 => whole(response.into_body(), limit).await,
            // Whatever is said with it.
            status => Err(NotRead::Status(status)),
        }
    }

    /// Makes a call, whatever its answer is. At most `limit` bytes of that are read; the time is for the
    /// caller to limit.
    ///
    /// # Errors
    /// [`NotRead`] when there is no whole answer.
    pub async fn call(&self, call: Call<'_>, limit: usize) -> Result<Reply, NotRead> {
        let response = self.send(call).await?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().iter().collect(),
            body: whole(response.into_body(), limit).await?,
        })
    }

    async fn send(&self, call: Call<'_>) -> Result<HttpResponse, NotRead> {
        let host = self.mirror.as_deref().unwrap_or(call.host);
        let uri = format!("{host}{}", call.path);
        let mut request = HttpRequest::get(uri).map_err(|_| NotRead::NoAnswer)?;
        request
            .set_method(call.method)
            .map_err(|_| NotRead::NoAnswer)?;
        let headers = request.headers_mut();
        // GitHub refuses requests without one.
        headers.insert("user-agent", "webhooks");
        for (name, value) in call.headers {
            let set = headers.try_insert(*name, value.clone());
            set.map_err(|_| NotRead::NoAnswer)?;
        }
        if let Some((media_type, text)) = call.content {
            headers.insert("content-type", media_type);
            headers.insert("content-length", text.len().to_string());
            *request.body_mut() = SdkBody::from(text);
        }
        let connector = self.connector.get_or_init(|| {
            let tls = Tls::Rustls(CryptoMode::AwsLc);
            Connector::builder().tls_provider(tls).build()
        });
        let response = connector.call(request).await;
        response.map_err(|_| NotRead::NoAnswer)
    }
}

/// All of a body, of `limit` bytes at most.
async fn whole(body: SdkBody, limit: usize) -> Result<Vec<u8>, NotRead> {
    let body = Limited::new(body, limit).collect().await;
    let body = body.map_err(|_| NotRead::Body)?;
    Ok(body.to_bytes().to_vec())
}
