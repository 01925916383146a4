//! The sources of one provider, their secrets and settings, read from SSM Parameter Store and kept
//! for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathError;
use tracing::{info, warn};

use crate::aws;
use crate::deadline::Deadline;
use crate::limits;
use crate::provider::profile::{AddressList, Profile};
use crate::source::Source;
use crate::source_settings::Addresses;
use crate::timestamp::Timestamp;

mod parameters;

use self::parameters::{Parameter, SETTINGS, Value, at_hand, sources};

/// The sources that are at hand, by name.
type Sources = BTreeMap<String, Arc<Source>>;

/// Every source of one provider.
#[derive(Debug)]
pub struct SecretStore {
    client: Client,
    path: String,
    profile: &'static Profile,
    cache: Mutex<Cache>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Cache {
    /// `None` until they were read once.
    sources: Option<Sources>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    /// When they were last read because none matched.
    looked_at: Option<Timestamp>,
    /// A request has waited for the first ones in vain.
    gave_up: bool,
}

/// The result of looking up the name of a source.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// It is registered.
    Known(Arc<Source>),
    /// It is not registered.
    Unknown,
    /// No source could ever be read.
    Unavailable,
}

impl SecretStore {
    /// The sources under `path`, one parameter each: `/{stack}/webhooks/{provider}/{source}`, and
    /// perhaps one with settings below it. They are read as those of a provider with this profile.
    pub fn new(config: &SdkConfig, path: impl Into<String>, profile: &'static Profile) -> Self {
        Self {
            client: client(config),
            path: path.into(),
            profile,
            cache: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Reads the secrets at the start of a function.
    pub async fn start(&self, now: Timestamp) {
        self.read(limits::FIRST_SECRETS, now).await;
    }

    /// The time in which a request is answered: `limit`, and later while the function has just started and
    /// has no secrets. That happens only once, so that an outage of SSM does not fill the account with
    /// functions that wait.
    pub fn answer_within(&self, limit: Duration) -> Duration {
        if self.with_cache(|cache| cache.sources.is_none() && !cache.gave_up) {
            limits::FIRST_ANSWER
        } else {
            limit
        }
    }

    /// Reads all secrets anew when those at hand are too old. If that fails, the old ones stay, and
    /// no delivery waits for the next attempt before a pause. Where there are none, it goes on until
    /// the deadline is near: GitHub sends nothing twice.
    pub async fn keep_fresh(&self, now: Timestamp, deadline: Deadline) {
        let read = async {
            // Whoever comes while somebody reads waits for what that brings.
            let _reading = self.reading.lock().await;
            if !self.has_any() {
                self.read(limits::FIRST_ANSWER, now).await;
            } else if self.is_stale(now) {
                self.read(limits::SECRETS, now).await;
            }
        };
        if self.has_any() && !self.is_stale(now) {
            return;
        }
        let read = deadline.leaving(limits::LAST_STEPS, read).await;
        if !self.has_any() {
            self.with_cache(|cache| cache.gave_up = true);
            if read.is_err() {
                warn!(path = %self.path, "the secrets cannot be read in the time of a request");
            }
        }
    }

    fn has_any(&self) -> bool {
        self.with_cache(|cache| cache.sources.is_some())
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        let older = |at: Option<Timestamp>, age| at.is_none_or(|at| at.age(now) >= age);
        self.with_cache(|cache| {
            older(cache.read_at, limits::SECRETS_AGE)
                && older(cache.tried_at, limits::SECRETS_PAUSE)
        })
    }

    /// Reads all secrets anew because none of those at hand matched, unless that was done just
    /// now; says whether it was. So a rotation takes effect at once, and a forger cannot make
    /// this function hammer SSM.
    pub async fn look_again(&self, now: Timestamp) -> bool {
        let due = self.with_cache(|cache| {
            let rested = |at: Timestamp| at.age(now) >= limits::SECRETS_PAUSE;
            let due =
                cache.read_at.is_some_and(|at| at != now) && cache.looked_at.is_none_or(rested);
            if due {
                cache.looked_at = Some(now);
            }
            due
        });
        due && self.read(limits::SECRETS, now).await
    }

    /// Looks a source up in the cache.
    pub fn source(&self, name: &str) -> Lookup {
        self.with_cache(|cache| match &cache.sources {
            None => Lookup::Unavailable,
            Some(sources) => match sources.get(name) {
                None => Lookup::Unknown,
                Some(source) => Lookup::Known(Arc::clone(source)),
            },
        })
    }

    /// The published lists of addresses that sources refer to.
    pub fn address_lists(&self) -> BTreeSet<AddressList> {
        let list = |source: &Arc<Source>| match source.settings.as_ref().ok()?.addresses {
            Some(Addresses::Published(list)) => Some(list),
            Some(Addresses::Networks(_)) | None => None,
        };
        self.with_cache(|cache| {
            let sources = cache.sources.iter().flat_map(BTreeMap::values);
            sources.filter_map(list).collect()
        })
    }

    async fn read(&self, limit: Duration, now: Timestamp) -> bool {
        let read = tokio::time::timeout(limit, self.fetch()).await;
        self.with_cache(|cache| cache.tried_at = Some(now));
        match read {
            Ok(Ok(sources)) => {
                self.announce(&sources);
                self.with_cache(|cache| {
                    cache.sources = Some(sources);
                    cache.read_at = Some(now);
                });
                true
            }
            Ok(Err(error)) => {
                warn!(path = %self.path, error = %error, "the secrets cannot be read; going on with those at hand");
                false
            }
            Err(_) => {
                warn!(path = %self.path, "reading the secrets took too long; going on with those at hand");
                false
            }
        }
    }

    /// All parameters in one read, or one by one where that fails because of one of them.
    async fn fetch(&self) -> Result<Sources, String> {
        let parameters = match self.list(true).await {
            Ok(parameters) => parameters,
            Err(error) if is_undecryptable(&error) => self.fetch_apart().await?,
            Err(error) => return Err(aws::code(&error)),
        };
        let known = self.with_cache(|cache| cache.sources.clone().unwrap_or_default());
        Ok(sources(&self.path, parameters, self.profile, &known))
    }

    async fn list(
        &self,
        decrypted: bool,
    ) -> Result<Vec<Parameter>, SdkError<GetParametersByPathError>> {
        let request = self
            .client
            .get_parameters_by_path()
            .path(&self.path)
            .recursive(true)
            .with_decryption(decrypted);
        let mut pages = request.into_paginator().send();
        let mut parameters = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page?.parameters.unwrap_or_default();
            parameters.extend(
                page.into_iter()
                    .map(|parameter| Parameter::new(parameter, decrypted)),
            );
        }
        Ok(parameters)
    }

    /// One parameter that cannot be decrypted spoils every read that it is part of. So the names
    /// are read first, and then decrypted in groups that are halved until it stands alone. A
    /// secret that is at hand in the same version is not read again, so that the next read costs
    /// no more than the list and one call for each parameter that still cannot be decrypted.
    async fn fetch_apart(&self) -> Result<Vec<Parameter>, String> {
        let mut parameters = self.list(false).await.map_err(|error| aws::code(&error))?;
        let known = self.with_cache(|cache| cache.sources.clone().unwrap_or_default());
        let (mut fresh, mut hopeless) = (Vec::new(), Vec::new());
        for parameter in &mut parameters {
            match at_hand(&self.path, parameter, &known) {
                Some(Ok(_)) => parameter.value = Value::AtHand,
                _ if parameter.value != Value::Encrypted => {}
                Some(Err(_)) => hopeless.push(parameter.name.clone()),
                None => fresh.push(parameter.name.clone()),
            }
        }
        let mut groups: Vec<&[String]> = hopeless.chunks(1).collect();
        groups.extend(fresh.chunks(GROUP).rev());
        let mut values = BTreeMap::new();
        for _ in 0..limits::DECRYPTIONS {
            let Some(names) = groups.pop() else { break };
            let request = self.client.get_parameters().with_decryption(true);
            match request.set_names(Some(names.to_vec())).send().await {
                Ok(read) => values.extend(
                    read.parameters
                        .unwrap_or_default()
                        .into_iter()
                        .filter_map(|parameter| Some((parameter.name?, parameter.value?))),
                ),
                Err(error) if is_undecryptable(&error) && names.len() > 1 => {
                    let (first, second) = names.split_at(names.len() / 2);
                    groups.extend([second, first]);
                }
                Err(error) if is_undecryptable(&error) => {}
                Err(error) => return Err(aws::code(&error)),
            }
        }
        for parameter in &mut parameters {
            if let Some(value) = values.remove(&parameter.name) {
                parameter.value = Value::Text(value);
            }
        }
        Ok(parameters)
    }

    /// Says once at the start, and whenever it changes, which sources this function serves.
    fn announce(&self, sources: &Sources) {
        let before = self.with_cache(|cache| cache.sources.as_ref().map(summary));
        let now = summary(sources);
        if before.as_ref() == Some(&now) {
            return;
        }
        let lines: Vec<_> = now
            .iter()
            .map(|(source, lines, _)| (source, lines))
            .collect();
        info!(path = %self.path, sources = ?lines, "secrets read");
        if now.is_empty() {
            warn!(path = %self.path, "no source has a secret: every delivery will be refused");
        }
        for (source, known) in sources {
            if let Err(problem) = &known.secrets {
                let parameter = format!("{}/{source}", self.path);
                warn!(
                    parameter,
                    source, "{problem}: its deliveries will be refused"
                );
            }
            if let Err(problem) = &known.settings {
                let parameter = format!("{}/{source}/{SETTINGS}", self.path);
                warn!(parameter, source, problem = %problem, "the settings cannot be used: its deliveries will be refused");
            }
        }
    }

    fn with_cache<T>(&self, look: impl FnOnce(&mut Cache) -> T) -> T {
        look(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A client that tries again until its caller has no more time. SSM takes 40 calls a second from all of
/// an account in a region, and a burst of starts is more than that.
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits::CALL_ATTEMPT)
        .operation_attempt_timeout(limits::CALL_ATTEMPT)
        .disable_operation_timeout()
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(limits::SECRETS_ATTEMPTS)
        .with_initial_backoff(limits::SECRETS_BACKOFF)
        .with_max_backoff(limits::SECRETS_BACKOFF_LONGEST);
    // Time ends the attempts, and nothing else does.
    let unlimited = TokenBucket::builder()
        .retry_cost(0)
        .throttling_retry_cost(0)
        .timeout_retry_cost(0);
    let partition = RetryPartition::custom("secrets").token_bucket(unlimited.build());
    let config = aws_sdk_ssm::config::Builder::from(config)
        .timeout_config(timeouts)
        .retry_partition(partition.build())
        .retry_config(retries);
    Client::from_conf(config.build())
}

/// Most parameters that SSM takes in one call by name.
const GROUP: usize = 10;

/// True if a call failed because a value could not be decrypted: KMS's refusals, which SSM hands on.
fn is_undecryptable<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let code = error.code().unwrap_or_default();
    ["AccessDeniedException", "InvalidKeyId", "DisabledException"].contains(&code)
        || code.starts_with("KMS")
}

/// Each source, its number of secrets, and what is wrong with it.
fn summary(sources: &Sources) -> Vec<(String, usize, String)> {
    let line = |(name, source): (&String, &Arc<Source>)| {
        let Source {
            settings, secrets, ..
        } = &**source;
        let lines = secrets.as_ref().map_or(0, Vec::len);
        let problems = (secrets.as_ref().err(), settings.as_ref().err());
        (name.clone(), lines, format!("{problems:?}"))
    };
    sources.iter().map(line).collect()
}
