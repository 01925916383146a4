//! The secrets: that each receiver has one, that it can be used, and that no old one is left.
//!
//! Values are read to count their lines and to try the settings. Nothing of them is printed.

use std::time::Duration;

use aws_sdk_ssm::types::{ParameterMetadata, ParameterType};
use futures::future::BoxFuture;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::source_settings::SourceSettings;
use webhooks::timestamp::Timestamp;

use super::examined::Examined;
use super::finding::{Fault, Unread};
use crate::parameters;

/// A secret that is older is to be replaced.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A rotation that takes longer was forgotten: no provider signs with both secrets for so long.
const ROTATION: Duration = Duration::from_secs(7 * 24 * 3600);

/// A parameter under the path of the secrets.
struct Stored {
    provider: String,
    source: String,
    is_settings: bool,
    name: String,
    kind: Option<ParameterType>,
    changed_at: Option<Timestamp>,
}

impl Stored {
    fn of(path: &str, parameter: &ParameterMetadata) -> Option<Self> {
        let name = parameter.name()?;
        let rest = name.strip_prefix(path)?.trim_start_matches('/');
        let (provider, source) = rest.split_once('/')?;
        let (source, is_settings) = match source.split_once('/') {
            None => (source, false),
            Some((source, "settings")) => (source, true),
            Some(_) => return None,
        };
        let changed_at = parameter.last_modified_date();
        let changed_at = changed_at.and_then(|at| at.to_millis().ok());
        Some(Self {
            provider: provider.to_owned(),
            source: source.to_owned(),
            is_settings,
            name: name.to_owned(),
            kind: parameter.r#type().cloned(),
            changed_at: changed_at.map(Timestamp::from_millis),
        })
    }

    /// The name that commands take.
    fn word(&self) -> String {
        format!("{}/{}", self.provider, self.source)
    }

    fn age(&self, now: Timestamp) -> Duration {
        self.changed_at.map_or(Duration::ZERO, |at| at.age(now))
    }
}

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let path = examined.stack.output("SecretsPath").unwrap_or_default();
        let stored = stored(examined, path).await?;
        let now = Timestamp::now();
        let mut faults = Vec::new();
        for provider in examined.providers() {
            let mut of_provider = stored.iter().filter(|one| one.provider == provider);
            if !of_provider.any(|one| !one.is_settings) {
                faults.push(without(path, provider));
            }
        }
        for one in &stored {
            let value = value(examined, &one.name).await?;
            if one.is_settings {
                faults.extend(settings_fault(one, &value));
            } else {
                faults.extend(secret_faults(one, &value, now, &examined.options));
            }
        }
        Ok(faults)
    })
}

async fn stored(examined: &Examined, path: &str) -> Result<Vec<Stored>, Unread> {
    let below = parameters::below(&examined.stack.config, path).await;
    let below = below.map_err(|error| Unread::sdk("ssm:DescribeParameters", &error))?;
    let parameters = below.iter();
    Ok(parameters
        .filter_map(|parameter| Stored::of(path, parameter))
        .collect())
}

async fn value(examined: &Examined, name: &str) -> Result<String, Unread> {
    let client = aws_sdk_ssm::Client::new(&examined.stack.config);
    let request = client.get_parameter().name(name).with_decryption(true);
    let answer = request.send().await;
    let answer = answer.map_err(|error| Unread::sdk("ssm:GetParameter", &error))?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    Ok(value.unwrap_or_default())
}

fn without(path: &str, provider: &str) -> Fault {
    Fault::new(
        provider,
        "the provider has a receiver and no secret",
        "each of its deliveries is refused",
        format!(
            "aws ssm put-parameter --type SecureString --name {path}/{provider}/default --value file://secret.txt"
        ),
    )
}

fn secret_faults(stored: &Stored, value: &str, now: Timestamp, options: &str) -> Vec<Fault> {
    let (name, word) = (&stored.name, stored.word());
    let put = |more: &str| {
        format!(
            "aws ssm put-parameter{more} --type SecureString --name {name} --value file://secret.txt"
        )
    };
    let mut faults = Vec::new();
    if stored.kind != Some(ParameterType::SecureString) {
        faults.push(Fault::new(
            &word,
            "the secret is not a SecureString",
            "whoever may list parameters reads it, and it is not encrypted",
            format!("aws ssm delete-parameter --name {name} && {}", put("")),
        ));
    }
    let age = stored.age(now);
    let days = age.as_secs() / 86_400;
    match Secret::lines(value).len() {
        0 => faults.push(Fault::new(
            &word,
            "the parameter has no secret",
            "each delivery to this source is refused",
            put(" --overwrite"),
        )),
        1 => {}
        count if age > ROTATION => faults.push(Fault::new(
            &word,
            format!("{count} secrets are accepted, unchanged for {days} days"),
            "a rotation was not finished: the old secret still opens the door",
            format!("webhooks rotate {word}{options} --finish"),
        )),
        _ => {}
    }
    if age > OLDEST {
        faults.push(Fault::new(
            &word,
            format!("the secret is {days} days old"),
            "the longer a secret lives, the more places have seen it",
            format!("webhooks rotate {word}{options}"),
        ));
    }
    faults
}

fn settings_fault(stored: &Stored, value: &str) -> Option<Fault> {
    let profile = catalog::by_name(&stored.provider)?.profile();
    let problem = SourceSettings::parse(value, profile).err()?;
    Some(Fault::new(
        stored.word(),
        format!("its settings cannot be used: {problem}"),
        "a source whose settings are not understood refuses every delivery",
        format!(
            "aws ssm put-parameter --overwrite --type String --name {} --value file://settings.json",
            stored.name
        ),
    ))
}
