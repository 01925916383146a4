//! Which events a list has, and what a line says of one.

use webhooks::ledger::{Ledger, Listing, Settlement, Status, Summary, Writes};

use crate::scene::Scene;
use crate::support::broken::Closed;
use crate::support::sample::{at, claim, end, event_of, failed, key_in, missed, record, retry};

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let (scene, closed) = (Scene::set().await, Closed::new());
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    for status in [None, Some(Status::Failed)] {
        let listing = scene.listing(|listing| listing.status = status);
        let error = ledger.list(&listing).await.expect_err("nobody listens");
        let expected = "the ledger cannot be reached (no connection)";
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn an_event_that_was_only_counted_again_is_as_it_was() {
    let scene = Scene::set().await;
    let key = scene.received("github.push", 0).await;
    let counted = scene.ledger.count_duplicate(&key, false, at(1)).await;
    counted.expect("DynamoDB answers");
    let listed = scene.list(|_| ()).await;
    let [summary] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!(
        (summary.status, summary.duplicates, summary.attempts),
        (Status::Received, 1, 0)
    );
}

#[tokio::test]
async fn a_source_without_events_has_an_empty_list() {
    let scene = Scene::set().await;
    for status in [None].into_iter().chain(Status::ALL.map(Some)) {
        assert_eq!(scene.list(|listing| listing.status = status).await, []);
    }
}

#[tokio::test]
async fn lists_no_other_source_and_no_other_provider() {
    let scene = Scene::set().await;
    let ours = scene.received("github.push", 0).await;
    let source = key_in(&format!("{}-2", scene.source));
    let mut provider = key_in(&scene.source);
    provider.provider.push('2');
    for other in [&source, &provider] {
        let kind = format!("{}.push", other.provider);
        let event = event_of(other, &kind, at(0), b"{}");
        record(&scene.ledger, &event).await;
    }
    for status in [None, Some(Status::Received)] {
        let listed = scene.keys(|listing| listing.status = status).await;
        assert_eq!(listed, std::slice::from_ref(&ours));
    }
    for key in [&ours, &source, &provider] {
        missed(&scene.ledger, key).await;
    }
    let waiting = Some(Status::Waiting);
    let listed = scene.keys(|listing| listing.status = waiting).await;
    assert_eq!(listed, [ours]);
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
    let expected = [
        ("github.push", vec![&push]),
        ("github.pus", vec![]),
        ("github.push*", vec![&push]),
        ("github.pull_request", vec![]),
        ("github.pull_request.*", vec![&closed, &opened]),
        ("github.pull_request*", vec![&review, &closed, &opened]),
        ("*", vec![&review, &closed, &opened, &push]),
    ];
    let check = async |status: Option<Status>| {
        for (kind, expected) in &expected {
            let some = Some((*kind).to_owned());
            let narrow = |listing: &mut Listing| (listing.kind, listing.status) = (some, status);
            let listed = scene.keys(narrow).await;
            assert_eq!(&Vec::from_iter(&listed), expected, "{kind} {status:?}");
        }
    };
    check(None).await;
    check(Some(Status::Received)).await;
    for key in [&push, &opened, &closed, &review] {
        missed(&scene.ledger, key).await;
    }
    check(Some(Status::Waiting)).await;
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
    let waiting = ended(retry(60), 2).await;
    let done = ended(Settlement::Done(Writes::none()), 3).await;
    let ignored = ended(Settlement::Ignored, 4).await;
    let failed = ended(failed("no such customer"), 5).await;
    let expected = [&received, &processing, &waiting, &done, &ignored, &failed];
    assert_eq!(expected.len(), Status::ALL.len());
    for (status, key) in Status::ALL.into_iter().zip(expected) {
        let listed = scene.list(|listing| listing.status = Some(status)).await;
        let [summary] = listed.as_slice() else {
            panic!("{status:?}: {listed:?}")
        };
        assert_eq!((&summary.key, summary.status), (key, status));
    }
    let all = scene.keys(|_| ()).await;
    assert_eq!(all, [failed, ignored, done, waiting, processing, received]);
}

#[tokio::test]
async fn a_line_says_what_there_is_to_know() {
    let scene = Scene::set().await;
    let key = scene.received("github.push", 5).await;
    let counted = scene.ledger.count_duplicate(&key, false, at(6)).await;
    counted.expect("DynamoDB answers");
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
    for status in [None, Some(Status::Failed)] {
        let listed = scene.list(|listing| listing.status = status).await;
        assert_eq!(listed, std::slice::from_ref(&expected));
    }
}

#[tokio::test]
async fn both_ends_of_a_time_range_belong_to_it() {
    let scene = Scene::set().await;
    let keys = scene.received_many(6).await;
    let between = async |status: Option<Status>| {
        let narrow = |listing: &mut Listing| {
            (listing.since, listing.until, listing.status) = (at(1), at(4), status);
        };
        scene.keys(narrow).await
    };
    assert_eq!(between(None).await, keys[1..5]);
    assert_eq!(between(Some(Status::Received)).await, keys[1..5]);
    for key in &keys {
        missed(&scene.ledger, key).await;
    }
    assert_eq!(between(Some(Status::Waiting)).await, keys[1..5]);
}
