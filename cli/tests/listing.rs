//! Lists of events, against the emulator. Every test lists a source of its own.

mod support;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::event::EventKey;
use webhooks::ledger::{LISTING_SHARDS, Ledger, Listing, Settlement, Status, Summary};
use webhooks::signature::sha256;
use webhooks::timestamp::Timestamp;

use support::broken::Closed;
use support::sample::{at, claim, end, event_of, failed, key_in, record};
use support::{World, unique};

struct Scene {
    world: World,
    ledger: Ledger,
    source: String,
}

impl Scene {
    async fn set() -> Self {
        let world = World::enter().await;
        let (ledger, source) = (world.ledger(), unique("source"));
        Self {
            world,
            ledger,
            source,
        }
    }

    /// An event of that type, received so many seconds after the beginning.
    async fn received(&self, kind: &str, seconds: i64) -> EventKey {
        let key = key_in(&self.source);
        record(&self.ledger, &event_of(&key, kind, at(seconds), b"{}")).await;
        key
    }

    /// So many events, one a second; the newest first.
    async fn received_many(&self, count: i64) -> Vec<EventKey> {
        let mut keys = Vec::new();
        for second in (0..count).rev() {
            keys.push(self.received("github.push", second).await);
        }
        keys
    }

    /// Everything of the source.
    fn everything(&self) -> Listing {
        Listing {
            provider: "github".to_owned(),
            source: self.source.clone(),
            kind: None,
            status: None,
            since: Timestamp::from_seconds(0),
            until: at(1_000_000),
            limit: 1000,
        }
    }

    async fn list(&self, listing: Listing) -> Vec<Summary> {
        self.ledger.list(&listing).await.expect("DynamoDB answers")
    }

    async fn keys(&self, listing: Listing) -> Vec<EventKey> {
        let summaries = self.list(listing).await.into_iter();
        summaries.map(|summary| summary.key).collect()
    }
}

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    for status in [None, Some(Status::Failed)] {
        let listing = Listing {
            status,
            ..scene.everything()
        };
        let error = ledger.list(&listing).await.expect_err("nobody listens");
        assert_eq!(
            error.to_string(),
            "the ledger cannot be reached (no connection)"
        );
    }
}

#[tokio::test]
async fn a_source_without_events_has_an_empty_list() {
    let scene = Scene::set().await;
    for status in [None].into_iter().chain(Status::ALL.map(Some)) {
        assert_eq!(
            scene
                .list(Listing {
                    status,
                    ..scene.everything()
                })
                .await,
            []
        );
    }
}

#[tokio::test]
async fn lists_no_other_source_and_no_other_provider() {
    let scene = Scene::set().await;
    let ours = scene.received("github.push", 0).await;
    let source = format!("{}-2", scene.source);
    let provider = "github2".to_owned();
    for other in [
        key_in(&source),
        EventKey {
            provider,
            ..key_in(&scene.source)
        },
    ] {
        record(
            &scene.ledger,
            &event_of(&other, "github.push", at(0), b"{}"),
        )
        .await;
    }
    for status in [None, Some(Status::Received)] {
        let listing = Listing {
            status,
            ..scene.everything()
        };
        assert_eq!(scene.keys(listing).await, [ours.clone()]);
    }
}

#[tokio::test]
async fn lists_by_type_and_by_the_beginning_of_a_type() {
    let scene = Scene::set().await;
    let push = scene.received("github.push", 0).await;
    let opened = scene.received("github.pull_request.opened", 1).await;
    let closed = scene.received("github.pull_request.closed", 2).await;
    let review = scene
        .received("github.pull_request_review.submitted", 3)
        .await;
    for (kind, expected) in [
        ("github.push", vec![&push]),
        ("github.pus", vec![]),
        ("github.push*", vec![&push]),
        ("github.pull_request", vec![]),
        ("github.pull_request.*", vec![&closed, &opened]),
        ("github.pull_request*", vec![&review, &closed, &opened]),
        ("*", vec![&review, &closed, &opened, &push]),
    ] {
        for status in [None, Some(Status::Received)] {
            let listing = Listing {
                kind: Some(kind.to_owned()),
                status,
                ..scene.everything()
            };
            let listed = scene.keys(listing).await;
            assert_eq!(Vec::from_iter(&listed), expected, "{kind} {status:?}");
        }
    }
}

#[tokio::test]
async fn lists_by_each_status() {
    let scene = Scene::set().await;
    let received = scene.received("github.push", 0).await;
    let processing = scene.received("github.push", 1).await;
    claim(&scene.ledger, &processing, at(1)).await;
    let ended = async |settlement: Settlement, seconds| {
        let key = scene.received("github.push", seconds).await;
        end(&scene.ledger, &key, settlement, at(seconds)).await;
        key
    };
    let done = ended(Settlement::Done(Vec::new()), 2).await;
    let ignored = ended(Settlement::Ignored, 3).await;
    let failed = ended(failed("no such customer"), 4).await;
    let expected = [&received, &processing, &done, &ignored, &failed];
    for (status, key) in Status::ALL.into_iter().zip(expected) {
        let listed = scene
            .list(Listing {
                status: Some(status),
                ..scene.everything()
            })
            .await;
        let [summary] = listed.as_slice() else {
            panic!("{status:?}: {listed:?}")
        };
        assert_eq!((&summary.key, summary.status), (key, status));
    }
    let all = scene.keys(scene.everything()).await;
    assert_eq!(
        Vec::from_iter(&all),
        [&failed, &ignored, &done, &processing, &received]
    );
}

#[tokio::test]
async fn a_line_says_what_there_is_to_know() {
    let scene = Scene::set().await;
    let key = scene.received("github.push", 5).await;
    scene
        .ledger
        .count_duplicate(&key, false, at(6))
        .await
        .expect("DynamoDB answers");
    end(&scene.ledger, &key, failed("no such customer"), at(7)).await;
    let expected = Summary {
        key,
        kind: "github.push".to_owned(),
        status: Status::Failed,
        received_at: at(5),
        attempts: 1,
        duplicates: 1,
        cause: Some("no such customer".to_owned()),
    };
    let failed = Some(Status::Failed);
    assert_eq!(scene.list(scene.everything()).await, [expected.clone()]);
    assert_eq!(
        scene
            .list(Listing {
                status: failed,
                ..scene.everything()
            })
            .await,
        [expected]
    );
}

#[tokio::test]
async fn both_ends_of_a_time_range_belong_to_it() {
    let scene = Scene::set().await;
    let keys = scene.received_many(6).await;
    for status in [None, Some(Status::Received)] {
        let listing = Listing {
            since: at(1),
            until: at(4),
            status,
            ..scene.everything()
        };
        assert_eq!(scene.keys(listing).await, keys[1..5]);
        let empty = Listing {
            since: at(4),
            until: at(1),
            status,
            ..scene.everything()
        };
        let listed = scene.ledger.list(&empty).await;
        assert!(listed.is_err() || listed.is_ok_and(|listed| listed.is_empty()));
    }
}

#[tokio::test]
async fn a_limit_keeps_the_newest_of_all_shards() {
    let scene = Scene::set().await;
    let keys = scene.received_many(40).await;
    for key in keys.iter().skip(1).step_by(2) {
        end(&scene.ledger, key, Settlement::Ignored, at(50)).await;
    }
    for limit in [0, 1, 7, 40, 41] {
        let listed = scene
            .keys(Listing {
                limit,
                ..scene.everything()
            })
            .await;
        assert_eq!(listed, keys[..limit.min(40)]);
    }
    let ignored = Some(Status::Ignored);
    let listed = scene
        .keys(Listing {
            limit: 3,
            status: ignored,
            ..scene.everything()
        })
        .await;
    assert_eq!(listed, [keys[1].clone(), keys[3].clone(), keys[5].clone()]);
}

#[tokio::test]
async fn events_of_one_source_lie_in_many_index_partitions() {
    let scene = Scene::set().await;
    let mut partitions = BTreeSet::new();
    for key in scene.received_many(64).await {
        let get = scene
            .world
            .dynamodb()
            .get_item()
            .table_name(scene.world.table());
        let get = get.key("pk", AttributeValue::S(key.to_string()));
        let item = get
            .send()
            .await
            .expect("DynamoDB answers")
            .item
            .expect("an item");
        let partition = item["listing"].as_s().expect("text").clone();
        assert!(
            partition.starts_with(&format!("github/{}#", scene.source)),
            "{partition}"
        );
        partitions.insert(partition);
    }
    assert!(
        partitions.len() > usize::from(LISTING_SHARDS) / 2,
        "{partitions:?}"
    );
}

#[tokio::test]
async fn lists_more_than_one_batch_of_keys_has() {
    let scene = Scene::set().await;
    let keys = scene.received_many(120).await;
    assert_eq!(scene.keys(scene.everything()).await, keys);
}

#[tokio::test]
async fn lists_more_of_one_shard_than_a_page_has() {
    let scene = Scene::set().await;
    // A page ends at 1 MB of the index, where the type is the only thing that can be long.
    let kind = format!("github.{}", "x".repeat(100_000));
    let in_first_shard =
        |key: &EventKey| sha256(key.to_string().as_bytes())[0] % LISTING_SHARDS == 0;
    let keys = std::iter::repeat_with(|| key_in(&scene.source))
        .filter(in_first_shard)
        .take(25);
    let keys: Vec<EventKey> = keys.collect();
    for (key, seconds) in keys.iter().zip((0..25).rev()) {
        record(&scene.ledger, &event_of(key, &kind, at(seconds), b"{}")).await;
    }
    assert_eq!(scene.keys(scene.everything()).await, keys);
    assert_eq!(
        scene
            .keys(Listing {
                limit: 15,
                ..scene.everything()
            })
            .await,
        keys[..15]
    );
}
