//! `webhooks issues`: failures in groups, and what an operator says about one.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use serde_json::Value;
use webhooks::event::EventKey;
use webhooks::timestamp::Timestamp;

use command::{is_plain, json, printed, run, said};
use support::sample::{FAR, at, end, event_of, failed, key_in, record};
use support::{World, unique};

async fn fail(world: &World, source: &str, kind: &str, cause: &str, second: i64) -> EventKey {
    let (ledger, key) = (world.ledger(), key_in(source));
    record(&ledger, &event_of(&key, kind, at(second), b"{}")).await;
    end(&ledger, &key, failed(cause), at(second + 1)).await;
    key
}

fn listed(value: &Value) -> Vec<(String, u64)> {
    let issues = value["issues"].as_array().expect("a list");
    let issue = |issue: &Value| {
        let cause = issue["cause"].as_str().expect("a cause").to_owned();
        (cause, issue["count"].as_u64().expect("a number"))
    };
    issues.iter().map(issue).collect()
}

#[tokio::test]
async fn failures_of_one_type_and_cause_are_one_issue() {
    let world = World::enter().await;
    let source = unique("source");
    let words = [
        "issues",
        "provider:github",
        &format!("source:{source}"),
        "since:2026-01-01T00:00:00Z",
    ];
    assert_eq!(listed(&json(&world, "issues.json", &words).await), []);
    assert_eq!(printed(&run(&world, &words).await).trim(), "no issues");
    fail(
        &world,
        &source,
        "github.push",
        "no customer 12 \u{1b}[2J",
        1,
    )
    .await;
    let last = fail(
        &world,
        &source,
        "github.push",
        "no customer 99 \u{1b}[2J",
        5,
    )
    .await;
    fail(&world, &source, "github.issues.opened", "no customer 12", 3).await;
    fail(&world, &source, "github.push", "answered 503", 2).await;
    fail(&world, &unique("source"), "github.push", "no customer 3", 9).await;
    let found = json(&world, "issues.json", &words).await;
    let expected = [
        ("no customer # \u{1b}[#".to_owned(), 2),
        ("no customer #".to_owned(), 1),
        ("answered 503".to_owned(), 1),
    ];
    assert_eq!(listed(&found), expected);
    let first = &found["issues"][0];
    assert_eq!(first["first_failed_at"], at(2).to_string());
    assert_eq!(first["last_failed_at"], at(6).to_string());
    assert_eq!(first["example"], last.to_string());
    let told = run(&world, &words).await;
    assert!(is_plain(&told.stdout), "{}", printed(&told));
}

#[tokio::test]
async fn a_closed_issue_opens_with_the_next_failure_and_a_muted_one_does_not() {
    let world = World::enter().await;
    let (source, ledger) = (unique("source"), world.ledger());
    let cause = format!(
        "no {}",
        unique("thing").replace(|odd: char| !odd.is_alphabetic(), "x")
    );
    let key = fail(&world, &source, "github.push", &cause, 1).await;
    let words = [
        "issues",
        "provider:github",
        &format!("source:{source}"),
        "since:2026-01-01T00:00:00Z",
    ];
    let found = json(&world, "issues.json", &words).await;
    let issue = found["issues"][0]["key"].as_str().expect("a key");
    let fail_again = async |token: &str| {
        let again = ledger
            .reopen(&key, token, false, FAR, Timestamp::now())
            .await;
        assert!(again.expect("DynamoDB answers"));
        end(&ledger, &key, failed(&cause), Timestamp::now()).await;
    };
    for (word, shown_after) in [("close", 1), ("mute", 0), ("open", 1)] {
        let marked = json(&world, "issues.json", &["issues", word, issue]).await;
        assert_eq!(marked["issues"][0]["key"], issue);
        let shown = listed(&json(&world, "issues.json", &words).await).len();
        assert_eq!(shown, usize::from(word == "open"), "{word}");
        let all = json(&world, "issues.json", &[&words[..], &["--all"]].concat()).await;
        assert_eq!(listed(&all).len(), 1, "{word}");
        fail_again(word).await;
        let shown = listed(&json(&world, "issues.json", &words).await).len();
        assert_eq!(shown, shown_after, "{word}");
    }
    let unknown = run(&world, &["issues", "close", "00000000"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        said(&unknown).contains("no failure belongs to"),
        "{}",
        said(&unknown)
    );
}
