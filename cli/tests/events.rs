//! `webhooks events`: lists, one event, and the tail, against the emulator.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settlement, Writes};
use webhooks::record::record as record_whole;
use webhooks::timestamp::Timestamp;
use webhooks_cli::filter::Filter;
use webhooks_cli::search::{Limits, page};

use command::{hold, is_plain, json, printed, run, said, webhooks};
use support::sample::{FAR, START, at, end, event_of, failed, key_in, noise, record, retry};
use support::{World, unique};

/// Clears the screen, rings, turns the direction of reading and comes back to the line's start.
const OBEYED: &str = "no \u{1b}[2J\u{7}\u{202e}\u{9b}31m\r\u{2066} more";

async fn received(ledger: &Ledger, key: &EventKey, kind: &str, time: Timestamp, body: &[u8]) {
    record(ledger, &event_of(key, kind, time, body)).await;
}

/// So many events of a source, two of each moment.
async fn several(ledger: &Ledger, source: &str, count: i64) -> Vec<EventKey> {
    let mut keys = Vec::new();
    for number in 0..count {
        let key = key_in(source);
        let body = format!("{{\"n\":{number}}}");
        received(ledger, &key, "github.push", at(number / 2), body.as_bytes()).await;
        keys.push(key);
    }
    keys
}

fn ids(listed: &Value) -> Vec<String> {
    let events = listed["events"].as_array().expect("a list");
    let id = |event: &Value| event["id"].as_str().expect("an id").to_owned();
    events.iter().map(id).collect()
}

#[tokio::test]
async fn an_empty_ledger_and_an_unknown_word_are_told() {
    let world = World::enter().await;
    let source = format!("source:{}", unique("nobody"));
    let none = run(&world, &["events", "provider:github", &source]).await;
    assert!(none.status.success(), "{}", said(&none));
    assert_eq!(printed(&none).trim(), "no events match");
    let listed = json(
        &world,
        "events.json",
        &["events", "provider:github", &source],
    )
    .await;
    assert_eq!((ids(&listed), &listed["next"]), (vec![], &Value::Null));

    for (words, expected) in [
        (
            vec!["state:failed"],
            "state:failed: there is no filter state",
        ),
        (vec!["shwo", "a/b/c"], "shwo: a filter is key:value"),
        (vec!["status:failed", "--status", "done"], "leave one out"),
        (vec!["since:1h", "until:2h"], "since is later than until"),
        (vec!["--after", "x"], "--after x: not a position"),
    ] {
        let wrong = run(&world, &[&["events"], words.as_slice()].concat()).await;
        assert_eq!(wrong.status.code(), Some(2), "{words:?}");
        assert!(
            said(&wrong).contains(expected),
            "{words:?}: {}",
            said(&wrong)
        );
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap_or_a_repetition() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = several(&ledger, &source, 23).await;
    let words = [
        "events",
        "provider:github",
        &format!("source:{source}"),
        "since:2026-01-01T00:00:00Z",
    ];
    let all = json(&world, "events.json", &words).await;
    assert_eq!(ids(&all).len(), keys.len());
    let mut paged = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut arguments = vec!["events", words[1], words[2], words[3], "--limit", "3"];
        if let Some(next) = &next {
            arguments.extend(["--after", next]);
        }
        let page = json(&world, "events.json", &arguments).await;
        paged.extend(ids(&page));
        match page["next"].as_str() {
            Some(text) => next = Some(text.to_owned()),
            None => break,
        }
    }
    assert_eq!(paged, ids(&all));
}

#[tokio::test]
async fn a_page_reads_no_more_than_its_limit_also_where_nothing_matches() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    several(&ledger, &source, 120).await;
    let text =
        format!("provider:github source:{source} type:github.none since:2026-01-01T00:00:00Z");
    let filter: Filter = text.parse().expect("a filter");
    let limits = Limits {
        events: 10,
        lines: 70,
        payloads: 0,
    };
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let page = page(&world.stack, &filter, after, limits, Timestamp::now()).await;
        let page = page.expect("AWS answers");
        assert_eq!(page.events, []);
        read.push(page.read.events);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, [70, 50]);
}

#[tokio::test]
async fn payloads_are_read_up_to_a_limit_and_counted() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = several(&ledger, &source, 6).await;
    let source = format!("source:{source}");
    let since = "since:2026-01-01T00:00:00Z";
    let words = ["events", "provider:github", &source, since, "data.n=4"];
    let found = json(&world, "events.json", &words).await;
    assert_eq!(ids(&found), [keys[4].to_string()]);
    assert_eq!(
        (&found["read"]["payloads"], &found["next"]),
        (&6.into(), &Value::Null)
    );
    let limited = json(
        &world,
        "events.json",
        &[&words[..], &["--payloads", "1"]].concat(),
    )
    .await;
    assert_eq!(limited["read"]["payloads"], 1);
    let next = limited["next"].as_str().expect("it goes on");
    let rest = json(
        &world,
        "events.json",
        &[&words[..], &["--after", next]].concat(),
    )
    .await;
    assert_eq!(rest["read"]["payloads"], 5);
    let told = run(&world, &words).await;
    assert!(said(&told).contains("6 payloads read"), "{}", said(&told));
}

#[tokio::test]
async fn what_failed_is_listed_with_its_issue_and_nothing_obeyed() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = several(&ledger, &source, 3).await;
    end(&ledger, &keys[0], failed(OBEYED), at(5)).await;
    end(&ledger, &keys[1], Settlement::Done(Writes::none()), at(5)).await;
    let words = [
        "events",
        "provider:github",
        &format!("source:{source}"),
        "since:2026-01-01T00:00:00Z",
        "status:failed",
    ];
    let listed = json(&world, "events.json", &words).await;
    assert_eq!(ids(&listed), [keys[0].to_string()]);
    assert_eq!(listed["events"][0]["cause"], OBEYED);
    let issue = format!(
        "issue:{}",
        listed["events"][0]["issue"].as_str().expect("its issue")
    );
    let again = json(&world, "events.json", &[&words[..4], &[&issue]].concat()).await;
    assert_eq!(ids(&again), ids(&listed));
    for json in [&[][..], &["--json"]] {
        for command in [&words[..], &["events", "show", &keys[0].to_string()]] {
            let output = run(&world, &[command, json].concat()).await;
            assert!(is_plain(&output.stdout), "{}", printed(&output));
        }
    }
    // The options of before mean the same.
    let options = [
        "events",
        "--provider",
        "github",
        "--source",
        &source,
        "--status",
        "failed",
        "--since",
        "2026-01-01T00:00:00Z",
    ];
    assert_eq!(json(&world, "events.json", &options).await, listed);
}

#[tokio::test]
async fn one_event_is_shown_with_all_that_happened_to_it() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let (key, other, neighbour) = (key_in(&source), key_in(&source), key_in(&source));
    let body = b"{\"object\": {\"id\": \"ch_123456\"}, \"text\": \"\\u001b[2J \xe2\x80\xae\"}\r\n";
    for (key, body) in [
        (&key, &body[..]),
        (&other, b"{\"charge_id\": \"ch_123456\"}"),
        (&neighbour, b"{\"charge_id\": \"ch_999999\"}"),
    ] {
        received(&ledger, key, "github.push", START, body).await;
    }
    end(&ledger, &key, retry(0), at(1)).await;
    end(&ledger, &key, failed("no such customer"), at(20)).await;
    let counted = ledger.count_duplicate(&key, true, at(30)).await;
    counted.expect("DynamoDB answers");
    let id = key.to_string();
    let arguments = ["events", "show", &id, "--payload", "--diff", "--related"];
    let shown = json(&world, "event.json", &arguments).await;
    let what: Vec<_> = shown["timeline"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    let what: Vec<_> = what
        .iter()
        .map(|entry| entry["what"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        what,
        [
            "received",
            "attempt",
            "retry",
            "attempt",
            "failed",
            "duplicate"
        ]
    );
    assert_eq!(shown["tries"].as_array().expect("a list").len(), 2);
    assert_eq!(shown["conflicts"], 1);
    assert_eq!(shown["payload"]["data"]["object"]["id"], "ch_123456");
    let differing = shown["differences"].as_array().expect("a list");
    assert!(
        differing.iter().any(|one| one["field"] == "outcome"),
        "{differing:?}"
    );
    let related = shown["related"]["events"].as_array().expect("a list");
    assert_eq!(related.len(), 1, "{related:?}");
    assert_eq!(related[0]["id"], other.to_string());

    // Without the payload, which a program gets as it is.
    let told = run(&world, &["events", "show", &id, "--diff", "--related"]).await;
    assert!(is_plain(&told.stdout), "{}", printed(&told));
    let expected = "attempt 1 to 2: outcome retry -> failed";
    assert!(printed(&told).contains(expected), "{}", printed(&told));
    let unknown = run(&world, &["events", "show", "a/b/c", "--json"]).await;
    assert_eq!(
        (unknown.status.code(), printed(&unknown)),
        (Some(1), String::new())
    );
}

#[tokio::test]
async fn five_megabytes_come_whole_and_a_reader_that_leaves_ends_it() {
    let world = World::enter().await;
    let key = key_in(&unique("source"));
    let text = "a".repeat(100_000);
    let noise = hex(&noise(2_400_000));
    let body = format!("{{\"text\": \"{text}\", \"noise\": \"{noise}\"}}");
    let mut event = event_of(&key, "github.push", START, body.as_bytes());
    let kept = record_whole(&world.ledger(), &world.bucket(), &mut event, "token", FAR).await;
    kept.expect("it is recorded");
    let id = key.to_string();
    let shown = json(&world, "event.json", &["events", "show", &id, "--payload"]).await;
    assert_eq!(shown["payload"]["data"]["noise"], noise);
    assert!(shown["payload"]["object"].is_string());

    let mut command = webhooks(&world, &["events", "show", &id, "--payload"]).await;
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    assert_eq!(said(&output), "");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A tail that runs.
struct Tail {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tail {
    async fn start(world: &World, words: &[&str]) -> Self {
        let arguments = [&["events", "tail", "--json", "--every", "100ms"], words].concat();
        let mut command = webhooks(world, &arguments).await;
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        let out = child.stdout.take().expect("piped");
        Self {
            _child: child,
            lines: BufReader::new(out).lines(),
        }
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(20), self.lines.next_line()).await;
        let line = line.expect("in time").expect("readable").expect("a line");
        let value = serde_json::from_str(&line).expect("JSON");
        hold("tail.json", &value);
        value
    }

    async fn is_silent(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.lines.next_line())
            .await
            .is_err()
    }
}

#[tokio::test]
async fn a_tail_shows_each_event_once_in_order_also_one_that_comes_late() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let words = ["provider:github", &format!("source:{source}"), "since:50s"];
    let mut tail = Tail::start(&world, &words).await;
    let now = Timestamp::now().seconds();
    let time = |age: i64| Timestamp::from_seconds(now - age);
    let (first, second, late) = (key_in(&source), key_in(&source), key_in(&source));
    received(&ledger, &first, "github.push", time(20), b"{}").await;
    received(&ledger, &second, "github.push", time(10), b"{}").await;
    received(
        &ledger,
        &key_in(&unique("source")),
        "github.push",
        time(15),
        b"{}",
    )
    .await;
    let shown = [tail.next().await, tail.next().await];
    let mut shown_ids = shown
        .clone()
        .map(|line| line["id"].as_str().expect("an id").to_owned());
    shown_ids.sort();
    let mut expected = [first.to_string(), second.to_string()];
    expected.sort();
    assert_eq!(shown_ids, expected);
    received(&ledger, &late, "github.push", time(30), b"{}").await;
    let shown = tail.next().await;
    assert_eq!(
        (&shown["id"], &shown["late"]),
        (&late.to_string().into(), &true.into())
    );
    assert!(tail.is_silent(Duration::from_secs(2)).await);
}

#[tokio::test]
async fn a_tail_of_failures_shows_one_again_that_fails_again() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let key = key_in(&source);
    let words = [
        "provider:github",
        &format!("source:{source}"),
        "status:failed",
    ];
    let mut tail = Tail::start(&world, &words).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    received(&ledger, &key, "github.push", START, b"{}").await;
    for cause in ["no", "no again"] {
        end(&ledger, &key, failed(cause), Timestamp::now()).await;
        let shown = tail.next().await;
        assert_eq!(
            (&shown["id"], &shown["cause"]),
            (&key.to_string().into(), &cause.into())
        );
        let again = ledger
            .reopen(&key, cause, false, FAR, Timestamp::now())
            .await;
        assert!(again.expect("DynamoDB answers"));
    }
    assert!(tail.is_silent(Duration::from_secs(1)).await);
}
