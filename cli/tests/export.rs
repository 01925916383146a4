//! `webhooks export`: a folder about an incident.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use command::{hold, json, printed, run, said};
use support::sample::{at, end, event_of, failed, key_in, record};
use support::{World, unique};

const SINCE: &str = "since:2026-01-01T00:00:00Z";

fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("timelines.jsonl")).expect("timelines");
    let line = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_folder_has_the_events_of_the_filter_and_of_nobody_else() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let mut keys = Vec::new();
    for (place, body) in [&br#"{"id":9007199254740993}"#[..], b"\x00\xff", b"{}"]
        .iter()
        .enumerate()
    {
        let key = key_in(&source);
        let second = i64::try_from(place).expect("few");
        record(&ledger, &event_of(&key, "github.push", at(second), body)).await;
        end(&ledger, &key, failed("a cause \u{1b}[2J"), at(second + 1)).await;
        keys.push(key);
    }
    let other = key_in(&unique("source"));
    record(&ledger, &event_of(&other, "github.push", at(1), b"{}")).await;
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().join("incident");
    let to = folder.to_string_lossy().into_owned();
    let filter = format!("source:{source}");
    let words = [
        "export",
        "--incident",
        "status:failed",
        &filter,
        SINCE,
        "--to",
        &to,
    ];
    let made = json(
        &world,
        "export.json",
        &[&words[..], &["--payloads"]].concat(),
    )
    .await;
    assert_eq!((&made["events"], &made["payloads"]), (&3.into(), &3.into()));
    assert_eq!(made["by_type"]["github.push"], 3);
    let account = std::fs::read_to_string(folder.join("incident.json")).expect("the account");
    hold(
        "export.json",
        &serde_json::from_str(&account).expect("JSON"),
    );
    let lines = lines(&folder);
    // The newest first, as in lists.
    let ids: Vec<_> = lines.iter().rev().map(|line| line["id"].clone()).collect();
    let expected: Vec<Value> = keys.iter().map(|key| key.to_string().into()).collect();
    assert_eq!(ids, expected);
    for line in &lines {
        let mut event = line.clone();
        let file = event["payload"]
            .as_object_mut()
            .and_then(|payload| payload.remove("file"));
        hold("event.json", &event);
        let file = file.as_ref().and_then(Value::as_str).expect("a file");
        let bytes = std::fs::read(folder.join(file)).expect("a payload");
        assert_eq!(Some(bytes.len() as u64), line["payload"]["bytes"].as_u64());
    }
    let last = std::fs::read(folder.join("payloads/00003.json")).expect("a payload");
    assert_eq!(last, br#"{"id":9007199254740993}"#);
    assert_eq!(
        std::fs::read(folder.join("payloads/00002.bin")).expect("it"),
        b"\x00\xff"
    );
    assert_eq!(
        (mode(&folder), mode(&folder.join("timelines.jsonl"))),
        (0o700, 0o600)
    );
    // Never into a folder that is there.
    let again = run(&world, &words).await;
    assert_eq!(again.status.code(), Some(2), "{}", printed(&again));
    assert!(
        said(&again).contains("is there already"),
        "{}",
        said(&again)
    );
}

#[tokio::test]
async fn payloads_are_left_out_unless_they_are_asked_for() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    for second in 0..3 {
        let key = key_in(&source);
        record(
            &ledger,
            &event_of(&key, "github.push", at(second), b"{\"name\":\"Zoe\"}"),
        )
        .await;
    }
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().join("incident");
    let to = folder.to_string_lossy().into_owned();
    let filter = format!("source:{source}");
    let words = [
        "export",
        "--limit",
        "2",
        "--to",
        &to,
        "--incident",
        "provider:github",
        &filter,
        SINCE,
    ];
    let made = run(&world, &words).await;
    assert!(made.status.success(), "{}", said(&made));
    let told = printed(&made);
    assert!(
        told.contains("2 events and 0 payloads") && told.contains("more events match"),
        "{told}"
    );
    assert_eq!(lines(&folder).len(), 2);
    let text = std::fs::read_to_string(folder.join("timelines.jsonl")).expect("timelines");
    assert!(!text.contains("Zoe"));
    assert_eq!(
        std::fs::read_dir(folder.join("payloads"))
            .expect("a folder")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_wrong_filter_and_a_folder_that_cannot_be_made_are_told() {
    let world = World::enter().await;
    let wrong = run(
        &world,
        &["export", "--incident", "state:failed", "--to", "x"],
    )
    .await;
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    let none = run(
        &world,
        &["export", "--incident", SINCE, "--to", "/no/such/folder"],
    )
    .await;
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(said(&none).contains("/no/such/folder"), "{}", said(&none));
}
