//! Connections to AWS: kept for the first attempt of a call, new for every further one.
//!
//! Lambda freezes a function between invocations, and connections that were kept can be dead when it
//! goes on, all of them. An attempt at a dead one takes its whole time, and the next one would take
//! the next dead one.

use std::sync::OnceLock;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;

/// The header in which the SDK tells AWS the number of an attempt: `attempt=2; max=3`.
const ATTEMPT: &str = "amz-sdk-request";

/// An HTTP client whose connections are kept for first attempts alone.
pub fn client() -> SharedHttpClient {
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let kept = https.build_https();
    Client { kept }.into_shared()
}

#[derive(Debug)]
struct Client {
    kept: SharedHttpClient,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = Connector {
            kept: self.kept.http_connector(settings, components),
            new: OnceLock::new(),
            settings: settings.clone(),
            components: components.clone(),
        };
        connector.into_shared()
    }
}

#[derive(Debug)]
struct Connector {
    kept: SharedHttpConnector,
    /// Made when it is needed first: to read the roots of trust takes milliseconds.
    new: OnceLock<SharedHttpConnector>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if is_first(&request) {
            return self.kept.call(request);
        }
        let new = self.new.get_or_init(|| {
            let https = Builder::new()
                .pool_max_idle_per_host(0)
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
            https
                .build_https()
                .http_connector(&self.settings, &self.components)
        });
        new.call(request)
    }
}

fn is_first(request: &HttpRequest) -> bool {
    let number = request.headers().get(ATTEMPT);
    number.is_none_or(|number| number.starts_with("attempt=1;") || number == "attempt=1")
}
