//! Pages of what a source has received, from any position on.

use std::collections::BTreeSet;

use webhooks::event::EventKey;
use webhooks::ledger::{LISTING_SHARDS, Position, Range};

use crate::scene::Scene;
use crate::support::sample::{at, event_of, keys_in_one_shard, keys_in_shard, record};

impl Scene {
    /// The keys of all pages of that size.
    async fn paged(&self, size: usize) -> Vec<EventKey> {
        let mut keys = Vec::new();
        let mut after: Option<Position> = None;
        loop {
            let range = Range {
                provider: "github",
                source: &self.source,
                since: at(0),
                until: at(1000),
                after: after.as_ref(),
            };
            let page = self.ledger.listed(&range, size).await;
            let page = page.expect("DynamoDB answers");
            assert!(page.len() <= size, "{page:?}");
            let Some(last) = page.last() else {
                return keys;
            };
            after = Some(last.position.clone());
            keys.extend(page.into_iter().map(|entry| entry.position.key));
        }
    }
}

#[tokio::test]
async fn none_is_missed_where_many_of_one_moment_lie_on_both_sides_of_a_page() {
    let scene = Scene::set().await;
    let mut keys = keys_in_one_shard(LISTING_SHARDS, &scene.source, 9);
    keys.extend(keys_in_shard(1, LISTING_SHARDS, &scene.source, 4));
    for (index, key) in keys.iter().enumerate() {
        // Seven of the first shard at one moment, in an order that is the index's own.
        let moment = at(if index < 7 { 5 } else { 6 });
        record(&scene.ledger, &event_of(key, "github.push", moment, b"{}")).await;
    }
    let expected: BTreeSet<_> = keys.iter().cloned().collect();
    let whole = scene.paged(100).await;
    assert_eq!(whole.iter().cloned().collect::<BTreeSet<_>>(), expected);
    for size in [1, 2, 3, 5, 8] {
        assert_eq!(scene.paged(size).await, whole, "{size}");
    }
}

#[tokio::test]
async fn what_comes_in_meanwhile_moves_no_page() {
    let scene = Scene::set().await;
    let keys = scene.received_many(6).await;
    let range = |after| Range {
        provider: "github",
        source: &scene.source,
        since: at(0),
        until: at(1000),
        after,
    };
    let first = scene.ledger.listed(&range(None), 3).await;
    let first = first.expect("DynamoDB answers");
    scene.received("github.push", 100).await;
    let after = first.last().map(|entry| entry.position.clone());
    let next = scene.ledger.listed(&range(after.as_ref()), 3).await;
    let next = next.expect("DynamoDB answers");
    let all: Vec<_> = first
        .into_iter()
        .chain(next)
        .map(|entry| entry.position.key)
        .collect();
    assert_eq!(all, keys);
}
