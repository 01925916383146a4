//! Connections to AWS whose every call ends in time.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::{connection, limits};

/// The SDK's configuration from the environment, with our limits: without them a call that gets
/// no answer waits until Lambda ends the function.
///
/// All clients share one HTTP client, so that the roots of trust are made ready once. Lambda gives
/// credentials by the environment; looking everywhere else for them is for other places.
pub async fn config() -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(connection::client())
        // Every call has a time limit, the reading of its answer too.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts())
        .retry_config(retries());
    let loader = match std::env::var_os("AWS_ACCESS_KEY_ID") {
        Some(_) => loader.credentials_provider(EnvironmentVariableCredentialsProvider::new()),
        None => loader,
    };
    loader.load().await
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(limits::CALL_ATTEMPT)
        .operation_attempt_timeout(limits::CALL_ATTEMPT)
        .operation_timeout(limits::CALL)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(limits::CALL_ATTEMPTS)
        .with_initial_backoff(limits::CALL_ATTEMPT / 16)
        .with_max_backoff(limits::CALL_ATTEMPT / 2)
}

/// The configuration of a function over another network than the real one. Clients of one region share
/// what they may spend on retries, as long as the process lives.
#[cfg(feature = "faults")]
pub fn over(
    network: impl aws_smithy_runtime_api::client::http::HttpClient + 'static,
    region: String,
) -> SdkConfig {
    use aws_config::Region;
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
    let credentials = Credentials::new("key", "secret", None, None, "simulated");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(network)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts())
        .retry_config(retries())
        .build()
}

/// The same for handlers, with ordinary limits: what a handler calls may work for seconds, and an
/// attempt that is cut off is an effect that happens once more.
pub fn for_handlers(config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits::CALL_ATTEMPT)
        .operation_attempt_timeout(limits::HANDLER_CALL_ATTEMPT)
        .operation_timeout(limits::HANDLER_CALL)
        .build();
    let config = config.clone().into_builder();
    config
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(limits::CALL_ATTEMPTS))
        .build()
}

/// One word for why a call failed, fit for a log: AWS's own code, or what kept the answer away.
/// AWS's message is left out, because it can name more than a log should show.
pub fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let code = match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "no connection",
        other => other.code().unwrap_or("no answer"),
    };
    code.to_owned()
}
