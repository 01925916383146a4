//! The keys that providers publish, read when a delivery names one, and kept.
//!
//! A stranger's deliveries must not become requests to a provider: what has been read is not read again for
//! a day, what could not be read not for a while, one is read at a time, and keys that nobody has named
//! before have a small budget together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use crate::limits;
use crate::provider::publication::KeyAddress;
use crate::provider_hosts::{NotRead, ProviderHosts};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The published keys of one provider.
#[derive(Debug, Default)]
pub struct PublishedKeys {
    hosts: ProviderHosts,
    known: Mutex<Known>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    keys: BTreeMap<String, Kept>,
    /// When keys were read that nobody had named before.
    reads: Vec<Timestamp>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    text: Option<Arc<[u8]>>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    /// The provider has refused the last question.
    refused: bool,
}

/// The reason why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// The provider publishes no such key.
    #[error("the provider publishes no such key")]
    Unknown,
    /// The provider refuses to give it, or more are asked for than are read: a stranger may have named it.
    #[error("the provider does not give the key")]
    Refused,
    /// The provider cannot be reached.
    #[error("the provider of the key cannot be reached")]
    Unavailable,
}

impl PublishedKeys {
    /// No key yet; they are read from these hosts.
    pub fn new(hosts: ProviderHosts) -> Self {
        Self {
            hosts,
            ..Self::default()
        }
    }

    /// The text at an address: the one at hand, unless it is too old or does not mention the key. While it
    /// cannot be read anew, an old one stays good.
    ///
    /// # Errors
    /// [`NoKey`], by whether it makes sense to send the delivery again.
    pub async fn text(&self, address: &KeyAddress, now: Timestamp) -> Result<Arc<[u8]>, NoKey> {
        let name = address.name();
        if let Some(text) = self.kept(&name).fresh(address, now) {
            return Ok(text);
        }
        // Whoever comes while somebody reads waits for what that brings.
        let _reading = self.reading.lock().await;
        let kept = self.kept(&name);
        if let Some(text) = kept.fresh(address, now) {
            return Ok(text);
        }
        if kept.is_due(now) {
            if !self.may_read(&kept, now) {
                return Err(NoKey::Refused);
            }
            self.read(address, now).await;
        }
        self.kept(&name).judge(address)
    }

    async fn read(&self, address: &KeyAddress, now: Timestamp) {
        let name = address.name();
        // Before it is read: whoever asks may have to go on without waiting for the end.
        self.with_known(|known| {
            known.make_room();
            known.keys.entry(name.clone()).or_default().tried_at = Some(now);
        });
        let ask = address.ask.as_ref().map(Secret::bytes);
        let read = self
            .hosts
            .read(&address.at.host, &address.at.path, ask, limits::KEY_TEXT);
        let read = tokio::time::timeout(limits::KEY, read).await;
        let read = read.unwrap_or(Err(NotRead::NoAnswer)).and_then(|text| {
            let is_key = contains(&text, address.mark.as_bytes());
            is_key.then_some(text).ok_or(NotRead::Body)
        });
        if let Err(problem) = &read {
            let host = &*address.at.host;
            warn!(host, problem = %problem, "a published key cannot be read");
        }
        self.with_known(|known| {
            let kept = known.keys.entry(name).or_default();
            kept.note(read, now);
        });
    }

    /// True if there is budget to read what nobody has named before; what is at hand is always read again.
    fn may_read(&self, kept: &Kept, now: Timestamp) -> bool {
        if kept.text.is_some() {
            return true;
        }
        self.with_known(|known| {
            known
                .reads
                .retain(|at| at.age(now) < limits::KEY_BUDGET_TIME);
            let may = known.reads.len() < limits::KEY_BUDGET;
            if may {
                known.reads.push(now);
            } else {
                warn!("more unknown keys are named than are read");
            }
            may
        })
    }

    fn kept(&self, name: &str) -> Kept {
        self.with_known(|known| known.keys.get(name).cloned().unwrap_or_default())
    }

    fn with_known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    /// Forgets the oldest, those first that could not be read, where there are too many.
    fn make_room(&mut self) {
        while self.keys.len() >= limits::KEYS {
            let age = |kept: &Kept| (kept.read_at, kept.tried_at);
            let oldest = self.keys.iter().min_by_key(|(_, kept)| age(kept));
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            self.keys.remove(&oldest);
        }
    }
}

impl Kept {
    fn fresh(&self, address: &KeyAddress, now: Timestamp) -> Option<Arc<[u8]>> {
        let is_young = self.read_at.is_some_and(|at| at.age(now) < limits::KEY_AGE);
        self.text
            .clone()
            .filter(|text| is_young && mentions(text, address))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.tried_at
            .is_none_or(|at| at.age(now) >= limits::KEY_PAUSE)
    }

    fn note(&mut self, read: Result<Vec<u8>, NotRead>, now: Timestamp) {
        let is_old = self
            .read_at
            .is_some_and(|at| at.age(now) >= limits::KEY_AGE);
        self.refused = matches!(read, Err(NotRead::Status(400..500)));
        match read {
            Ok(text) => {
                self.text = Some(text.into());
                self.read_at = Some(now);
            }
            // Its provider has withdrawn it.
            Err(NotRead::Status(404 | 410)) if is_old => self.text = None,
            Err(_) => {}
        }
    }

    fn judge(self, address: &KeyAddress) -> Result<Arc<[u8]>, NoKey> {
        match self.text {
            Some(text) if mentions(&text, address) => Ok(text),
            Some(_) => Err(NoKey::Unknown),
            None if self.refused => Err(NoKey::Refused),
            None => Err(NoKey::Unavailable),
        }
    }
}

/// True if a text can hold the key.
fn mentions(text: &[u8], address: &KeyAddress) -> bool {
    let id = address.id.as_ref();
    id.is_none_or(|id| contains(text, id.as_bytes()))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}
