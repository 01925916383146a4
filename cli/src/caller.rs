//! Who calls a command, by the names under which AWS and this machine know him.

use aws_config::SdkConfig;

use crate::account::chain;
use crate::failure::Failure;

/// The principal of the credentials without partition and account: `user/jane`,
/// `assumed-role/Operators/jane`.
///
/// # Errors
/// [`Failure`] when STS does not answer.
pub async fn principal(config: &SdkConfig) -> Result<String, Failure> {
    let client = aws_sdk_sts::Client::new(config);
    let identity = client.get_caller_identity().send().await;
    let identity = identity
        .map_err(|error| Failure::of(format!("who calls this command: {}", chain(&error))))?;
    let arn = identity.arn().unwrap_or_default();
    Ok(of_arn(arn))
}

/// The user of this machine.
pub fn user() -> String {
    let named = ["USER", "LOGNAME"].map(|name| std::env::var(name).ok());
    let named = named.into_iter().flatten().find(|name| !name.is_empty());
    named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// What stands after the account; the root user's is that word alone.
fn of_arn(arn: &str) -> String {
    arn.splitn(6, ':').nth(5).unwrap_or("unknown").to_owned()
}
