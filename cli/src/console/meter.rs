//! The bound on what a page reads: its requests are counted below the SDK, and one too many is not sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::stack::Stack;

/// Most requests to DynamoDB that a page makes.
pub(super) const READS: usize = 49;

/// The requests that one page has made.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicUsize,
    others: AtomicUsize,
}

/// A page that would take more requests than it may.
#[derive(Debug, thiserror::Error)]
#[error(
    "this would take more than {READS} requests to DynamoDB, the most for a page; ask for less, or use the command"
)]
struct TooMany;

impl Meter {
    /// Counts a request; says whether it may be sent.
    fn admits(&self, request: &HttpRequest) -> bool {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if target.starts_with("DynamoDB_") {
            self.0.reads.fetch_add(1, Ordering::Relaxed) < READS
        } else {
            self.0.others.fetch_add(1, Ordering::Relaxed);
            true
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reads = self.0.reads.load(Ordering::Relaxed).min(READS);
        let others = self.0.others.load(Ordering::Relaxed);
        write!(
            f,
            "{reads} requests to DynamoDB, of {READS} at most; {others} to other services"
        )
    }
}

/// The same stack, whose requests are counted.
pub(super) fn metered(stack: &Stack, meter: &Meter) -> Stack {
    let mut stack = stack.clone();
    let client = stack.config.http_client();
    let inner = client.unwrap_or_else(webhooks::connection::client);
    let client = SharedHttpClient::new(Metered {
        inner,
        meter: meter.clone(),
    });
    stack.config = stack.config.into_builder().http_client(client).build();
    stack
}

#[derive(Debug)]
struct Metered<T> {
    inner: T,
    meter: Meter,
}

impl HttpClient for Metered<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Metered {
            inner: self.inner.http_connector(settings, components),
            meter: self.meter.clone(),
        })
    }
}

impl HttpConnector for Metered<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.meter.admits(&request) {
            return self.inner.call(request);
        }
        HttpConnectorFuture::ready(Err(ConnectorError::user(TooMany.into())))
    }
}
