//! The lists of addresses that providers publish, fetched and kept for hours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use serde_json::value::RawValue;
use tracing::warn;

use crate::limits;
use crate::provider::profile::AddressList;
use crate::provider_hosts::{NotRead, ProviderHosts};
use crate::source_settings::network;
use crate::timestamp::Timestamp;

/// The lists that sources refer to, each as it was fetched last.
#[derive(Debug, Default)]
pub struct AddressLists {
    hosts: ProviderHosts,
    lists: Mutex<BTreeMap<AddressList, Kept>>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    networks: Option<Arc<[IpNet]>>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

/// The reason why there is no new list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NoList {
    #[error("{0}")]
    NotRead(#[from] NotRead),
    #[error("the answer is not a list of networks")]
    NotAList,
}

impl AddressLists {
    /// No list yet; all are fetched from these hosts.
    pub fn new(hosts: ProviderHosts) -> Self {
        Self {
            hosts,
            ..Self::default()
        }
    }

    /// The list at hand, however old. Without one it is fetched first, but not again soon after
    /// that failed: a stranger's requests must not become calls.
    pub async fn networks(&self, list: AddressList, now: Timestamp) -> Option<Arc<[IpNet]>> {
        if let Some(networks) = self.kept(list).networks {
            return Some(networks);
        }
        // Whoever comes while somebody fetches waits for what that brings.
        let _fetching = self.fetching.lock().await;
        if self.is_due(list, now) {
            self.fetch(list, now).await;
        }
        self.kept(list).networks
    }

    /// Fetches anew what is in use and old. Runs beside the work on a request; when it fails, the
    /// old list stays.
    pub async fn keep_fresh(&self, now: Timestamp) {
        let in_use: Vec<_> = self.with_lists(|lists| {
            let kept = lists.iter().filter(|(_, kept)| kept.networks.is_some());
            kept.map(|(list, _)| *list).collect()
        });
        for list in in_use {
            if self.is_due(list, now) {
                let _fetching = self.fetching.lock().await;
                if self.is_due(list, now) {
                    self.fetch(list, now).await;
                }
            }
        }
    }

    fn is_due(&self, list: AddressList, now: Timestamp) -> bool {
        let kept = self.kept(list);
        let older = |at: Option<Timestamp>, age| at.is_none_or(|at| at.age(now) >= age);
        older(kept.fetched_at, limits::ADDRESSES_AGE)
            && older(kept.tried_at, limits::ADDRESSES_PAUSE)
    }

    async fn fetch(&self, list: AddressList, now: Timestamp) {
        self.with_lists(|lists| lists.entry(list).or_default().tried_at = Some(now));
        let answer = tokio::time::timeout(limits::ADDRESSES, self.read(list)).await;
        match answer.unwrap_or(Err(NotRead::NoAnswer.into())) {
            Ok(networks) => self.with_lists(|lists| {
                let kept = lists.entry(list).or_default();
                kept.networks = Some(networks);
                kept.fetched_at = Some(now);
            }),
            Err(problem) => {
                let at_hand = self.kept(list).networks.is_some();
                warn!(host = list.host, path = list.path, problem = %problem, at_hand, "the list of addresses cannot be had");
            }
        }
    }

    async fn read(&self, list: AddressList) -> Result<Arc<[IpNet]>, NoList> {
        let read = self
            .hosts
            .read(list.host, list.path, None, limits::ADDRESS_LIST);
        parse(&read.await?, list.field).ok_or(NoList::NotAList)
    }

    fn kept(&self, list: AddressList) -> Kept {
        self.with_lists(|lists| lists.get(&list).cloned().unwrap_or_default())
    }

    fn with_lists<T>(&self, look: impl FnOnce(&mut BTreeMap<AddressList, Kept>) -> T) -> T {
        look(&mut self.lists.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The networks of a list. One entry that is not understood spoils it: the old list is better than
/// half a new one.
fn parse(body: &[u8], field: &str) -> Option<Arc<[IpNet]>> {
    let object: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let entries: Vec<String> = serde_json::from_str(object.get(field)?.get()).ok()?;
    let networks = entries.iter().map(|entry| network(entry));
    let networks: Arc<[IpNet]> = networks.collect::<Option<_>>()?;
    (!networks.is_empty()).then_some(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_networks_and_single_addresses_of_both_kinds() {
        let body =
            br#"{"other": [1], "hooks": ["192.30.252.0/22", "2606:50c0::/32", "3.18.12.63"]}"#;
        assert_eq!(parse(body, "hooks").map(|networks| networks.len()), Some(3));
    }

    #[test]
    fn takes_no_list_that_is_empty_broken_or_half_understood() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"hooks": []}"#,
            r#"{"hooks": null}"#,
            r#"{"hooks": ["192.0.2.0/24", "all"]}"#,
            r#"{"hooks": ["192.0.2.0/24", 1]}"#,
            r#"{"hooks": ["192.0.2.0/24"]"#,
            "<html></html>",
        ] {
            assert_eq!(parse(body.as_bytes(), "hooks"), None, "{body}");
        }
    }
}
