//! Lists of what lies in several shards and on several pages.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::ledger::{LISTING_SHARDS, Listing, Settlement, Status};

use crate::scene::Scene;
use crate::support::sample::{at, end, event_of, keys_in_one_shard, record};

#[tokio::test]
async fn a_limit_keeps_the_newest_of_all_shards() {
    let scene = Scene::set().await;
    // More than DynamoDB looks up in one batch.
    let keys = scene.received_many(120).await;
    for key in keys.iter().skip(1).step_by(2) {
        end(&scene.ledger, key, Settlement::Ignored, at(200)).await;
    }
    for limit in [0, 1, 7, 120, 121] {
        let listed = scene.keys(|listing| listing.limit = limit).await;
        assert_eq!(listed, keys[..limit.min(120)]);
    }
    let narrow = |listing: &mut Listing| {
        (listing.limit, listing.status) = (3, Some(Status::Ignored));
    };
    let listed = scene.keys(narrow).await;
    assert_eq!(listed, [keys[1].clone(), keys[3].clone(), keys[5].clone()]);
}

#[tokio::test]
async fn events_of_one_source_lie_in_many_index_partitions() {
    let scene = Scene::set().await;
    let (dynamodb, prefix) = (scene.world.dynamodb(), format!("github/{}#", scene.source));
    let mut partitions = BTreeSet::new();
    for key in scene.received_many(64).await {
        let get = dynamodb.get_item().table_name(scene.world.table());
        let get = get.key("pk", AttributeValue::S(key.to_string()));
        let found = get.send().await.expect("DynamoDB answers");
        let partition = found.item.expect("an item")["listing"].clone();
        let partition = partition.as_s().expect("text").clone();
        assert!(partition.starts_with(&prefix), "{partition}");
        partitions.insert(partition);
    }
    let most = usize::from(LISTING_SHARDS) / 2;
    assert!(partitions.len() > most, "{partitions:?}");
}

#[tokio::test]
async fn lists_more_of_one_shard_than_a_page_has() {
    let scene = Scene::set().await;
    let keys = keys_in_one_shard(LISTING_SHARDS, &scene.source, 25);
    for (key, seconds) in keys.iter().zip((0..25).rev()) {
        let event = event_of(key, "github.push", at(seconds), b"{}");
        record(&scene.ledger, &event).await;
    }
    // A page ends at 1 MB of the index, where no event of ours is long enough for a quick test.
    for key in &keys[..24] {
        scene.lengthen(key).await;
    }
    assert_eq!(scene.keys(|_| ()).await, keys);
    let newest = scene.keys(|listing| listing.limit = 15).await;
    assert_eq!(newest, keys[..15]);
    // The index does not know the status, so the only one is found on the last page.
    end(&scene.ledger, &keys[24], Settlement::Ignored, at(30)).await;
    let narrow = |listing: &mut Listing| {
        (listing.limit, listing.status) = (1, Some(Status::Ignored));
    };
    assert_eq!(scene.keys(narrow).await, keys[24..]);
}
