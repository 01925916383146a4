//! The whole path under `cargo lambda watch` and the emulator.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::origin::Origin;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::local::{Local, Options};
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::scenario::{self, Report, SHOWN, Step, play, steps};
use webhooks_cli::send::{FIRST_ANSWER, local_url, post_copies};
use webhooks_cli::stack::development_secret;

const TIME_LIMIT: Duration = Duration::from_secs(120);

fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout")
}

/// A local stack on ports of its own.
async fn local() -> Local {
    let options = Options::anywhere().expect("two ports");
    let (local, _) = Local::start(&project(), &options)
        .await
        .expect("the stack starts");
    local
}

#[tokio::test(flavor = "multi_thread")]
async fn does_what_the_demonstration_promises_and_logs_no_secret_signature_or_body() {
    let options = Options::anywhere().expect("two ports");
    let (local, mut lines) = Local::start(&project(), &options)
        .await
        .expect("the stack starts");
    let event_sources = tokio::spawn(local.event_sources().await.expect("the queue is there"));
    // Every way for those that the demonstration shows, and once what is genuine of all others.
    let (shown, others): (Vec<_>, Vec<_>) =
        catalog::all().partition(|provider| SHOWN.contains(&provider.profile().name));
    let mut steps = steps(&project(), &shown).expect("event files");
    let others = scenario::steps(&project(), &others).expect("event files");
    steps.extend(others.into_iter().filter(Step::is_genuine));
    let count = steps.len();
    let reports = play(&project(), &local, steps, TIME_LIMIT)
        .await
        .expect("everything answers");
    event_sources.abort();
    drop(local);
    let broken: Vec<&Report> = reports
        .iter()
        .filter(|report| !report.is_as_promised())
        .collect();
    assert_eq!(reports.len(), count);
    assert!(broken.is_empty(), "{broken:#?}");
    let mut log = String::new();
    while let Some(line) = lines.recv().await {
        log.push_str(&line);
    }
    assert!(log.contains(r#""outcome":"done""#) && log.contains("signature_mismatch"));
    for canary in [
        "development-secret",
        "sha256=",
        "v1=",
        "Hello-World",
        "+1555",
        "confirm our table",
        "user-agent",
    ] {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_what_was_lost_on_its_way() {
    let local = local().await;
    let event_sources = tokio::spawn(local.event_sources().await.expect("the queue is there"));
    let github = catalog::by_name("github").expect("a provider");
    let mut steps = steps(&project(), &[github]).expect("event files");
    steps.retain(Step::is_genuine);
    let arrives = steps.len();
    steps.extend(scenario::lost(&project()).expect("event files"));
    let count = steps.len();
    assert!(count > arrives);
    let reports = play(&project(), &local, steps, TIME_LIMIT).await;
    let reports = reports.expect("everything answers");
    event_sources.abort();
    assert_eq!(reports.len(), count);
    assert!(reports.iter().all(Report::is_as_promised), "{reports:#?}");
    let ledger = local.stack.ledger().expect("a ledger");
    for (place, report) in reports.iter().enumerate() {
        let item = ledger.find(report.key()).await.expect("DynamoDB answers");
        let Some(item) = item else { continue };
        let is_reconciled = item.receipt.event.origin() != Origin::Delivered;
        assert_eq!(is_reconciled, place >= arrives, "{report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn makes_one_event_of_fifty_identical_deliveries_at_once() {
    let local = local().await;
    let event_sources = tokio::spawn(local.event_sources().await.expect("the queue is there"));
    let mut probe = Probe::place(&local.stack).await.expect("probes");
    let github = catalog::by_name("github").expect("a provider");
    let secret = Secret::new(development_secret("github")).expect("not blank");
    let mut fixture = Fixture::read(&project(), "github", "push").expect("an event");
    fixture.address(&local_url(&local.url(), "github", "default"));
    fixture
        .renew(github, &secret, Timestamp::now())
        .expect("signed");

    let answered = post_copies(&fixture.delivery, 50, FIRST_ANSWER)
        .await
        .expect("all are answered");

    let with = |status| {
        answered
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((with(202), with(200)), (1, 49));
    let body: Value = serde_json::from_str(&answered[0].body).expect("JSON");
    let id = body["id"].as_str().expect("an id").to_owned();
    let key = EventKey {
        provider: "github".to_owned(),
        source: "default".to_owned(),
        id,
    };
    let deadline = Instant::now() + TIME_LIMIT;
    let item = loop {
        let item = local
            .stack
            .ledger()
            .expect("a ledger")
            .find(&key)
            .await
            .expect("an answer");
        match item {
            Some(item) if item.state.status == Status::Done => break item,
            _ => assert!(Instant::now() < deadline, "the event does not end"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (
            item.state.attempts,
            item.state.duplicates,
            item.state.conflicts
        ),
        (1, 49, 0)
    );
    while probe.effects(&key.to_string()).await.expect("an answer") == 0 {
        assert!(Instant::now() < deadline, "the effect does not happen");
    }
    local
        .stack
        .quiet(deadline)
        .await
        .expect("the queue answers");
    assert_eq!(probe.effects(&key.to_string()).await.expect("an answer"), 1);
    event_sources.abort();
}
