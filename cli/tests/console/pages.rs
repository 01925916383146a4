//! What the pages show, what they cost, and how they fail.

use std::time::Duration;

use webhooks::event::EventKey;
use webhooks::ledger::{Settlement, Writes};
use webhooks::timestamp::Timestamp;

use crate::console::Console;
use crate::support::World;
use crate::support::sample::{end, event_of, failed, key_in, record};
use crate::support::unique;

/// Most requests to DynamoDB that a page may take.
const READS: usize = 50;

/// A moment so many seconds ago.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(Timestamp::now().seconds() - seconds)
}

/// An event that failed so.
pub(crate) async fn a_failed(world: &World, source: &str, cause: &str, body: &[u8]) -> EventKey {
    let key = key_in(source);
    let event = event_of(&key, "github.push", ago(60), body);
    record(&world.ledger(), &event).await;
    end(&world.ledger(), &key, failed(cause), ago(50)).await;
    key
}

/// The address of an event's page.
pub(crate) fn event_path(key: &EventKey) -> String {
    let key = key.to_string();
    let id = form_urlencoded::byte_serialize(key.as_bytes());
    format!("/event?id={}", id.collect::<String>())
}

fn events_path(filter: &str) -> String {
    let filter = form_urlencoded::byte_serialize(filter.as_bytes());
    format!("/events?q={}", filter.collect::<String>())
}

#[tokio::test]
async fn the_sad_paths_say_what_is_wrong() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    let nobody = unique("nobody");
    let empty = events_path(&format!("provider:github source:{nobody}"));
    for (path, status, text) in [
        (empty.as_str(), 200, "No events match."),
        (
            &events_path("state:failed"),
            200,
            "there is no filter state",
        ),
        (&events_path("provider:\"<b>x"), 200, "&lt;b&gt;x"),
        (
            &events_path("status:failed status:waiting"),
            200,
            "are two lists",
        ),
        ("/events?q=status%3Afailed&after=x", 400, "not a position"),
        ("/event?id=x", 400, "This cannot be asked so"),
        (
            "/event?id=github/default/never",
            400,
            "the ledger has no event github/default/never",
        ),
        (
            "/replay?id=github/default/never",
            200,
            "is not in the ledger",
        ),
        ("/replay/run", 200, "None was started."),
    ] {
        let (got, html) = console.page(path, &cookie).await;
        assert_eq!(got, status, "{path}: {html}");
        assert!(html.contains(text), "{path}: {html}");
        assert!(!html.contains("<b>"), "{path}");
        assert!(console.reads.take() < READS, "{path}");
    }
}

#[tokio::test]
async fn a_page_says_so_when_aws_does_not_answer() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    console.reads.cut();
    let (status, html) = console.page("/event?id=github/default/x", &cookie).await;
    assert_eq!(
        (status, html.contains("This could not be read")),
        (502, true),
        "{html}"
    );
}

#[tokio::test]
async fn every_page_stays_below_fifty_reads() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    for number in 0..120 {
        let key = key_in(&source);
        let body = format!("{{\"object\":{{\"id\":\"ch_12345{}\"}}}}", number % 3);
        record(
            &ledger,
            &event_of(&key, "github.push", ago(600 + number / 2), body.as_bytes()),
        )
        .await;
        if number % 4 == 0 {
            end(
                &ledger,
                &key,
                failed(&format!("no customer {number}")),
                ago(500),
            )
            .await;
        } else if number % 4 == 1 {
            end(&ledger, &key, Settlement::Done(Writes::none()), ago(500)).await;
        }
    }
    let key = a_failed(
        &world,
        &source,
        "the build server answered 503",
        br#"{"object":{"id":"ch_123451"}}"#,
    )
    .await;
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    let mine = format!("provider:github source:{source}");
    let event = event_path(&key);
    let activity = events_path(&mine).replace("/events", "/activity");
    println!("| page | requests to DynamoDB | took |");
    println!("| --- | --- | --- |");
    for (name, path) in [
        ("now", "/".to_owned()),
        ("events of one source", events_path(&mine)),
        (
            "events, few of which match",
            events_path(&format!("{mine} status:done")),
        ),
        (
            "events by payload",
            events_path(&format!("{mine} data.object.id=ch_123451")),
        ),
        (
            "events of two sources",
            events_path("provider:github provider:stripe source:default"),
        ),
        ("events of every source", events_path("")),
        ("failed events", events_path("status:failed since:7d")),
        (
            "failed events by payload",
            events_path("status:failed data.object.id=ch_123451"),
        ),
        ("waiting events", events_path("status:waiting")),
        ("one event", event.clone()),
        (
            "one event and what is related",
            format!("{event}&related=1"),
        ),
        ("activity", activity),
        ("issues", "/issues".to_owned()),
        ("dead letters", "/dead-letters".to_owned()),
        ("sources", "/sources".to_owned()),
        ("one source", "/sources?source=github/default".to_owned()),
        (
            "preview of a replay",
            "/replay?q=status%3Afailed".to_owned(),
        ),
    ] {
        let begin = std::time::Instant::now();
        let (status, html) = console.page(&path, &cookie).await;
        let reads = console.reads.take();
        println!("| {name} | {reads} | {} ms |", begin.elapsed().as_millis());
        assert_eq!(status, 200, "{name}: {html}");
        assert!(reads < READS, "{name}: {reads}");
        assert!(
            html.contains(&format!("This page took {reads} requests to DynamoDB")),
            "{name}: {reads}"
        );
        assert!(begin.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[tokio::test]
async fn pages_of_events_follow_one_another() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let mut left = std::collections::BTreeSet::new();
    for number in 0..60 {
        let key = key_in(&source);
        record(
            &ledger,
            &event_of(&key, "github.push", ago(600 + number), b"{}"),
        )
        .await;
        left.insert(key.to_string());
    }
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    let mut path = events_path(&format!("provider:github source:{source}"));
    for _ in 0..2 {
        let (_, html) = console.page(&path, &cookie).await;
        left.retain(|id| !html.contains(&format!("value=\"{id}\"")));
        if let Some((_, rest)) = html.split_once("<p><a href=\"/events?q=provider") {
            let (next, _) = rest.split_once("\" rel=\"next\"").unwrap_or_default();
            path = format!("/events?q=provider{}", next.replace("&amp;", "&"));
        }
    }
    assert_eq!(left.len(), 0, "{left:?}");
}

#[tokio::test]
async fn more_failures_than_a_page_reads_are_cut_and_it_says_so() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    // Failed long ago, so that the pages of other tests have their own failures first.
    let fail = async |number: i64| {
        let key = key_in(&source);
        let event = event_of(&key, "github.push", ago(80_000 + number), b"{}");
        record(&ledger, &event).await;
        end(&ledger, &key, failed("too many"), ago(79_000)).await;
    };
    for begin in (0..420).step_by(20) {
        futures::future::join_all((begin..begin + 20).map(&fail)).await;
    }
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    for (path, text) in [
        ("/", "more than 400 events of the last day have failed"),
        ("/events?q=status%3Afailed", "of the newest 400"),
        ("/issues", "Only the 400 that failed last"),
        (
            "/replay?q=status%3Afailed",
            "There are more; these failed last.",
        ),
    ] {
        let (status, html) = console.page(path, &cookie).await;
        let reads = console.reads.take();
        println!("{path}: {reads}");
        assert_eq!(status, 200, "{path}: {html}");
        assert!(html.contains(text), "{path}: {html}");
        assert!((40..READS).contains(&reads), "{path}: {reads}");
    }
}
