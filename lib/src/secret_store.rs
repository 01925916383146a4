//! The secrets of one provider, read from SSM Parameter Store and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ssm::Client;
use tracing::{info, warn};

use crate::aws;
use crate::limits;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The secrets of every source of one provider.
#[derive(Debug)]
pub struct SecretStore {
    client: Client,
    path: String,
    cache: Mutex<Cache>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Cache {
    /// By source; `None` until they were read once.
    sources: Option<BTreeMap<String, Arc<[Secret]>>>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    /// When they were last read because none matched.
    looked_at: Option<Timestamp>,
}

/// What is known of a source.
#[derive(Clone, Debug)]
pub enum Source {
    /// Its secrets, at least one.
    Known(Arc<[Secret]>),
    /// It is registered without a usable secret: every delivery is refused.
    Unusable,
    /// It is not registered.
    Unknown,
    /// The secrets could never be read.
    Unavailable,
}

impl SecretStore {
    /// The secrets under `path`, one parameter a source: `/{stack}/webhooks/{provider}/{source}`.
    pub fn new(client: Client, path: impl Into<String>) -> Self {
        Self {
            client,
            path: path.into(),
            cache: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Reads all secrets anew when those at hand are too old. If that fails, the old ones stay, and
    /// no delivery waits for the next attempt before a pause.
    pub async fn keep_fresh(&self, now: Timestamp) {
        if self.is_stale(now) {
            // Whoever comes while somebody reads waits for what that brings.
            let _reading = self.reading.lock().await;
            if self.is_stale(now) {
                self.read(now).await;
            }
        }
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        let older = |at: Option<Timestamp>, age| at.is_none_or(|at| at.age(now) >= age);
        self.with_cache(|cache| {
            let pause = match cache.read_at {
                Some(_) => limits::SECRETS_PAUSE,
                None => limits::SECRETS_FIRST_PAUSE,
            };
            older(cache.read_at, limits::SECRETS_AGE) && older(cache.tried_at, pause)
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
        due && self.read(now).await
    }

    /// What the cache knows of a source.
    pub fn source(&self, name: &str) -> Source {
        self.with_cache(|cache| match &cache.sources {
            None => Source::Unavailable,
            Some(sources) => match sources.get(name) {
                None => Source::Unknown,
                Some(secrets) if secrets.is_empty() => Source::Unusable,
                Some(secrets) => Source::Known(Arc::clone(secrets)),
            },
        })
    }

    async fn read(&self, now: Timestamp) -> bool {
        let read = tokio::time::timeout(limits::SECRETS, self.fetch()).await;
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

    async fn fetch(&self) -> Result<BTreeMap<String, Arc<[Secret]>>, String> {
        let mut sources = BTreeMap::new();
        let mut next_token = None;
        loop {
            let request = self
                .client
                .get_parameters_by_path()
                .path(&self.path)
                .with_decryption(true);
            let page = request.set_next_token(next_token).send().await;
            let page = page.map_err(|error| aws::code(&error))?;
            for parameter in page.parameters.unwrap_or_default() {
                let name = parameter.name.unwrap_or_default();
                let source = name.rsplit('/').next().unwrap_or_default().to_owned();
                sources.insert(
                    source,
                    Secret::lines(&parameter.value.unwrap_or_default()).into(),
                );
            }
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(sources);
            }
        }
    }

    /// Says once at the start, and whenever it changes, which sources this function serves.
    fn announce(&self, sources: &BTreeMap<String, Arc<[Secret]>>) {
        let before = self.with_cache(|cache| cache.sources.as_ref().map(lines));
        let now = lines(sources);
        if before.as_ref() == Some(&now) {
            return;
        }
        info!(path = %self.path, sources = ?now, "secrets read");
        if now.is_empty() {
            warn!(path = %self.path, "no source has a secret: every delivery will be refused");
        }
        for (source, _) in now.iter().filter(|(_, lines)| *lines == 0) {
            warn!(path = %self.path, source, "the source has no usable secret: its deliveries will be refused");
        }
    }

    fn with_cache<T>(&self, look: impl FnOnce(&mut Cache) -> T) -> T {
        look(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Each source and its number of secrets.
fn lines(sources: &BTreeMap<String, Arc<[Secret]>>) -> Vec<(String, usize)> {
    sources
        .iter()
        .map(|(source, secrets)| (source.clone(), secrets.len()))
        .collect()
}
