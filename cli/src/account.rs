//! The user's AWS account: credentials and region as the AWS command line finds them, and what to
//! do where they are missing.

use std::error::Error;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::ProvideCredentials;

use crate::failure::Failure;

/// The SDK's configuration from the environment and the profile: keys, SSO, `aws login`,
/// `credential_process`, roles to assume, the region.
///
/// # Errors
/// [`Failure`] that names what is missing and the next step.
pub async fn config(profile: Option<&str>) -> Result<SdkConfig, Failure> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    let name = profile
        .map(str::to_owned)
        .or_else(|| std::env::var("AWS_PROFILE").ok());
    if let Some(provider) = config.credentials_provider()
        && let Err(error) = provider.provide_credentials().await
    {
        return Err(Failure::of(no_credentials(&chain(&error), name.as_deref())));
    }
    if config.region().is_none() {
        return Err(Failure::of(format!(
            "no AWS region; set AWS_REGION, or region in {}",
            profile_words(name.as_deref())
        )));
    }
    Ok(config)
}

/// The problem with the credentials, and the next step.
fn no_credentials(reason: &str, profile: Option<&str>) -> String {
    let option = profile
        .map(|name| format!(" --profile {name}"))
        .unwrap_or_default();
    let lower = reason.to_ascii_lowercase();
    let next = if lower.contains("sso") {
        format!("sign in with aws sso login{option}")
    } else if lower.contains("login") {
        format!("sign in with aws login{option}")
    } else if lower.contains("process") {
        format!(
            "run the credential_process of {} by hand",
            profile_words(profile)
        )
    } else if profile.is_some() {
        format!(
            "look at {}, or choose another with --profile",
            profile_words(profile)
        )
    } else {
        "sign in with aws sso login or aws login, or choose a profile with --profile".to_owned()
    };
    format!("no AWS credentials ({reason}); {next}")
}

fn profile_words(profile: Option<&str>) -> String {
    match profile {
        Some(name) => format!("the profile {name}"),
        None => "the default profile".to_owned(),
    }
}

/// An error and what caused it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
