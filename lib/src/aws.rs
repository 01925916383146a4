//! Connections to AWS whose every call ends in time.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::limits;

/// The SDK's configuration from the environment, with our limits: without them a call that gets
/// no answer waits until Lambda ends the function.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits::CALL_ATTEMPT)
        .operation_attempt_timeout(limits::CALL_ATTEMPT)
        .operation_timeout(limits::CALL)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(limits::CALL_ATTEMPTS)
        .with_initial_backoff(limits::CALL_ATTEMPT / 16)
        .with_max_backoff(limits::CALL_ATTEMPT / 2);
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
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
