//! The providers' own web hosts, from which published keys and lists of addresses are read.
//!
//! By TLS, with the roots of trust of the system, without following a redirect, and no more of an answer
//! than its reader allows.

use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};

/// A way to the providers' hosts, by the HTTP client that the SDK uses.
#[derive(Clone, Debug, Default)]
pub struct ProviderHosts {
    /// In place of all hosts.
    mirror: Option<Arc<str>>,
    /// Made when it is needed first: to read the roots of trust takes milliseconds.
    connector: Arc<OnceLock<Connector>>,
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
        let host = self.mirror.as_deref().unwrap_or(host);
        let uri = format!("{host}{path}");
        let mut request = HttpRequest::get(uri).map_err(|_| NotRead::NoAnswer)?;
        // GitHub refuses requests without one.
        request.headers_mut().insert("user-agent", "webhooks");
        if let Some(text) = ask {
            request.set_method("POST").map_err(|_| NotRead::NoAnswer)?;
            let headers = request.headers_mut();
            headers.insert("content-type", "application/json");
            headers.insert("content-length", text.len().to_string());
            *request.body_mut() = SdkBody::from(text);
        }
        let connector = self.connector.get_or_init(|| {
            let tls = Tls::Rustls(CryptoMode::AwsLc);
            Connector::builder().tls_provider(tls).build()
        });
        let response = connector.call(request).await;
        let response = response.map_err(|_| NotRead::NoAnswer)?;
        if response.status().as_u16() != 200 {
            return Err(NotRead::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), limit);
        let body = body.collect().await.map_err(|_| NotRead::Body)?;
        Ok(body.to_bytes().to_vec())
    }
}
