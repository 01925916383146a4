//! Settings that the functions get from their environment.

use std::time::Duration;

use crate::gateway::Origin;
use crate::limits;
use crate::provider::{Provider, catalog};

/// Looks up an environment variable: the environment is a parameter, so that tests have their own.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Variables that are missing or unusable, all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "set the environment variables {}; template.yaml sets them where a stack is deployed, and make dev on \
     this machine", .0.join(", ")
)]
pub struct BadSettings(Vec<String>);

impl BadSettings {
    /// Both of two results, or everything that is missing or unusable for either.
    ///
    /// # Errors
    /// [`BadSettings`] of one or of both.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (one, other) => {
                let problems = [one.err(), other.err()].into_iter().flatten();
                Err(Self(problems.flat_map(|bad| bad.0).collect()))
            }
        }
    }
}

/// The providers whose deliveries a process takes, from `PROVIDER`: one name for a Lambda of its own, or
/// several with commas between them where one process serves all, as on a developer's machine.
///
/// # Errors
/// [`BadSettings`] that names the known ones where there is none, or an unknown one among them.
pub fn providers(lookup: Lookup<'_>) -> Result<Vec<&'static dyn Provider>, BadSettings> {
    let text = lookup("PROVIDER").unwrap_or_default();
    let named =
        |name: &str| -> Option<&'static dyn Provider> { Some(catalog::by_name(name.trim())?) };
    let named: Option<Vec<_>> = text.split(',').map(named).collect();
    named.ok_or_else(|| {
        let known = catalog::names().join(", ");
        BadSettings(vec![format!("PROVIDER (one of {known})")])
    })
}

/// The providers and the settings of a receiver.
///
/// # Errors
/// [`BadSettings`] with every variable of both that is missing or unusable.
pub fn receiver(
    lookup: Lookup<'_>,
) -> Result<(Vec<&'static dyn Provider>, ReceiverSettings), BadSettings> {
    BadSettings::both(providers(lookup), ReceiverSettings::read(lookup))
}

/// The settings of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverSettings {
    /// `STACK_NAME`: the dimension of all metrics.
    pub stack: String,
    /// `TABLE_NAME`: the ledger.
    pub table: String,
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `PAYLOADS_BUCKET`: where payloads go that are too large for an item.
    pub bucket: String,
    /// `SECRETS_PATH`: the SSM path under which there is `{provider}/{source}` for each source.
    pub secrets_path: String,
    /// `PUBLIC_URL`: what stands before `/webhooks/...` in the URLs that providers are given;
    /// unset or empty: the domain of each request.
    pub public_url: Option<String>,
    /// `FORWARDED_HOST`: `trust` where a proxy alone can call the function and says in
    /// `X-Forwarded-Host` or `Host` how it was called; unset or empty: these headers say nothing.
    /// Anybody can write them, so that a deployed stack does not set it.
    pub trusts_forwarded_host: bool,
    /// `PROVIDER_HOSTS_URL`: scheme and host from which the providers' published keys and lists of
    /// addresses come, in place of their own hosts: for a mirror, for the local stack, and for tests.
    /// Whoever answers there decides which keys are believed.
    pub provider_hosts_url: Option<String>,
    /// `RETENTION_DAYS`: how long an event that has ended stays in the ledger; at least 21,
    /// by default 30.
    pub retention: Duration,
}

/// The settings of the processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorSettings {
    /// `STACK_NAME`: the dimension of all metrics.
    pub stack: String,
    /// `TABLE_NAME`: the ledger.
    pub table: String,
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `PAYLOADS_BUCKET`: as for the receivers.
    pub bucket: String,
    /// `RETENTION_DAYS`: as for the receivers.
    pub retention: Duration,
    /// `MAX_ATTEMPTS`: attempts before an event is failed; by default 8.
    pub max_attempts: u32,
}

/// The settings of the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelaySettings {
    /// `STACK_NAME`: the dimension of all metrics.
    pub stack: String,
    /// `TABLE_NAME`: the ledger.
    pub table: String,
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `RETENTION_DAYS`: as for the receivers.
    pub retention: Duration,
}

/// The settings of the reconciler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcilerSettings {
    /// `STACK_NAME`: the dimension of all metrics.
    pub stack: String,
    /// `TABLE_NAME`: the ledger.
    pub table: String,
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `PAYLOADS_BUCKET`: as for the receivers.
    pub bucket: String,
    /// `CREDENTIALS_PATH`: the SSM path under which there is `{provider}/{source}` for each source that is
    /// reconciled.
    pub credentials_path: String,
    /// `PROVIDER_HOSTS_URL`: as for the receivers.
    pub provider_hosts_url: Option<String>,
    /// `RETENTION_DAYS`: as for the receivers.
    pub retention: Duration,
}

impl ReconcilerSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`BadSettings`] with every variable that is missing or unusable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            stack: reader.required("STACK_NAME"),
            table: reader.required("TABLE_NAME"),
            queue_url: reader.required("QUEUE_URL"),
            bucket: reader.required("PAYLOADS_BUCKET"),
            credentials_path: reader.required("CREDENTIALS_PATH"),
            provider_hosts_url: reader.optional("PROVIDER_HOSTS_URL"),
            retention: reader.retention(),
        };
        reader.finish(settings)
    }
}

impl ReceiverSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`BadSettings`] with every variable that is missing or unusable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            stack: reader.required("STACK_NAME"),
            table: reader.required("TABLE_NAME"),
            queue_url: reader.required("QUEUE_URL"),
            bucket: reader.required("PAYLOADS_BUCKET"),
            secrets_path: reader.required("SECRETS_PATH"),
            public_url: reader.public_url(),
            trusts_forwarded_host: reader.forwarded_host(),
            provider_hosts_url: reader.optional("PROVIDER_HOSTS_URL"),
            retention: reader.retention(),
        };
        reader.finish(settings)
    }

    /// Where the URLs come from that the provider was given.
    pub fn origin(&self) -> Origin<'_> {
        match &self.public_url {
            Some(url) => Origin::Configured(url),
            None if self.trusts_forwarded_host => Origin::Forwarded,
            None => Origin::Domain,
        }
    }
}

impl ProcessorSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`BadSettings`] with every variable that is missing or unusable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            stack: reader.required("STACK_NAME"),
            table: reader.required("TABLE_NAME"),
            queue_url: reader.required("QUEUE_URL"),
            bucket: reader.required("PAYLOADS_BUCKET"),
            retention: reader.retention(),
            max_attempts: reader.number("MAX_ATTEMPTS", 8, 1),
        };
        reader.finish(settings)
    }
}

impl RelaySettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`BadSettings`] with every variable that is missing or unusable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            stack: reader.required("STACK_NAME"),
            table: reader.required("TABLE_NAME"),
            queue_url: reader.required("QUEUE_URL"),
            retention: reader.retention(),
        };
        reader.finish(settings)
    }
}

/// The values of variables that all have to be there, in the order of `names`.
///
/// # Errors
/// [`BadSettings`] with every one that is missing.
pub fn required<const N: usize>(
    lookup: Lookup<'_>,
    names: [&str; N],
) -> Result<[String; N], BadSettings> {
    let mut reader = Reader::new(lookup);
    let values = names.map(|name| reader.required(name));
    reader.finish(values)
}

struct Reader<'a> {
    lookup: Lookup<'a>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(lookup: Lookup<'a>) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(name.to_owned());
            String::new()
        })
    }

    fn number(&mut self, name: &str, default: u32, least: u32) -> u32 {
        let Some(text) = self.optional(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if number >= least => number,
            _ => {
                self.problems
                    .push(format!("{name} (a number, at least {least})"));
                default
            }
        }
    }

    fn retention(&mut self) -> Duration {
        const DAY: u64 = 24 * 3600;
        let least = u32::try_from(limits::LEAST_RETENTION.as_secs() / DAY).unwrap_or(u32::MAX);
        Duration::from_secs(u64::from(self.number("RETENTION_DAYS", 30, least)) * DAY)
    }

    fn public_url(&mut self) -> Option<String> {
        let url = self.optional("PUBLIC_URL")?;
        if !["https://", "http://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            self.problems
                .push("PUBLIC_URL (beginning with https://)".to_owned());
        }
        Some(url)
    }

    fn forwarded_host(&mut self) -> bool {
        match self.optional("FORWARDED_HOST").as_deref() {
            None => false,
            Some("trust") => true,
            Some(_) => {
                self.problems.push("FORWARDED_HOST (trust)".to_owned());
                false
            }
        }
    }

    fn finish<T>(self, settings: T) -> Result<T, BadSettings> {
        if self.problems.is_empty() {
            Ok(settings)
        } else {
            Err(BadSettings(self.problems))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_everything_that_is_missing_at_once() {
        let lookup = |name: &str| match name {
            "TABLE_NAME" => Some("t".to_owned()),
            "RETENTION_DAYS" => Some("20".to_owned()),
            "PUBLIC_URL" => Some("hooks.example.com".to_owned()),
            "FORWARDED_HOST" => Some("yes".to_owned()),
            _ => None,
        };
        let error = ReceiverSettings::read(&lookup).expect_err("settings are missing");
        assert_eq!(
            error.to_string(),
            "set the environment variables STACK_NAME, QUEUE_URL, PAYLOADS_BUCKET, SECRETS_PATH, \
             PUBLIC_URL (beginning with https://), FORWARDED_HOST (trust), RETENTION_DAYS (a number, at least 21); \
             template.yaml sets them where a stack is deployed, and make dev on this machine"
        );
    }

    #[test]
    fn a_receiver_takes_known_providers_alone() {
        let named = |text: &'static str| {
            let found = providers(&move |_| Some(text.to_owned()));
            found.map(|found| {
                found
                    .iter()
                    .map(|provider| provider.profile().name)
                    .collect()
            })
        };
        for name in catalog::names() {
            assert_eq!(named(name), Ok(vec![name]));
        }
        assert_eq!(named("stripe, github"), Ok(vec!["stripe", "github"]));
        for text in ["", "nobody", "github,nobody", "GitHub", "github,"] {
            let refused = named(text).expect_err(text).to_string();
            for name in catalog::names() {
                assert!(refused.contains(name), "{text}: {refused}");
            }
        }
        assert!(providers(&|_| None).is_err());
    }

    #[test]
    fn a_receiver_names_its_provider_among_all_that_is_missing() {
        let missing = receiver(&|_| None).expect_err("nothing is set").to_string();
        for name in ["PROVIDER (one of ", "STACK_NAME", "SECRETS_PATH"] {
            assert!(missing.contains(name), "{missing}");
        }
        let only = receiver(&|name| {
            (name != "PROVIDER" && !name.contains("URL")).then(|| "90".to_owned())
        });
        let only = only.expect_err("no provider is named").to_string();
        assert!(
            only.contains("PROVIDER (one of ") && !only.contains("STACK_NAME"),
            "{only}"
        );
    }

    #[test]
    fn has_defaults_for_what_may_be_left_out() {
        let lookup =
            |name: &str| (!name.contains("RET") && name != "MAX_ATTEMPTS").then(|| "x".to_owned());
        let settings = ProcessorSettings::read(&lookup).expect("complete");
        assert_eq!(settings.max_attempts, 8);
        assert_eq!(settings.retention.as_secs(), 30 * 86_400);
    }
}
