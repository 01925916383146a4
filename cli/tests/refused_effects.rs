//! Effects that EventBridge or SNS will not take, however often it is asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use webhooks::ledger::Status;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::proxy::{Call, Fault};
use webhooks_cli::stack::development_secret;
use webhooks_cli::trial::audit::settle;
use webhooks_cli::trial::clock::Clock;
use webhooks_cli::trial::killer::{Killer, Pace};
use webhooks_cli::trial::rules::source;
use webhooks_cli::trial::stage::Stage;
use webhooks_cli::trial::traffic::{Kind, Traffic};

const PATIENCE: Duration = Duration::from_secs(240);

const MALFORMED_DETAIL: &str = r#"{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "nesting"}]}"#;

/// What is refused: whatever carries the whole, or everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    Whole,
    All,
}

const CASES: [(Kind, Refused, Fault, Status); 6] = [
    (
        Kind::Message,
        Refused::Whole,
        Fault::Refused("InvalidParameter"),
        Status::Done,
    ),
    (
        Kind::Message,
        Refused::Whole,
        Fault::Answer(413, ""),
        Status::Done,
    ),
    (
        Kind::Message,
        Refused::All,
        Fault::Refused("InvalidParameter"),
        Status::Failed,
    ),
    (
        Kind::Push,
        Refused::All,
        Fault::Answer(413, ""),
        Status::Failed,
    ),
    (
        Kind::Push,
        Refused::All,
        Fault::Answer(200, MALFORMED_DETAIL),
        Status::Failed,
    ),
    (
        Kind::Push,
        Refused::All,
        Fault::Refused("ValidationException"),
        Status::Failed,
    ),
];

fn fault(call: &Call) -> Option<Fault> {
    let body = String::from_utf8_lossy(&call.body);
    let is_effect = ["PutEvents", "Publish"].contains(&&*call.operation);
    let (number, _) = CASES.iter().enumerate().find(|(number, _)| {
        let name = source(*number);
        is_effect && body.contains(&name)
    })?;
    let (_, refused, fault, _) = CASES[number];
    (refused == Refused::All || !body.contains("dataref")).then_some(fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_lasts_goes_by_reference_or_fails_at_once() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let clock = Clock::start();
    let nobody = Arc::new(Killer::new(clock, 0, Pace::Soon));
    let plan = Arc::new(|function: &str, call: &Call| {
        (function == "processor").then(|| fault(call)).flatten()
    });
    let stage = Stage::set(&project, clock, nobody, plan).await;
    let mut stage = stage.expect("the stage stands");
    let mut probe = Probe::place(&stage.stack).await.expect("a probe");
    for (number, (kind, ..)) in CASES.iter().enumerate() {
        let (provider, source) = (kind.provider(), source(number));
        let secret = development_secret(provider);
        let put = stage.stack.put_secret(provider, &source, &secret);
        put.await.expect("a secret");
    }
    stage.pump(Duration::from_secs(6)).expect("a queue");
    let traffic = Traffic::to(&project, &stage).expect("event files");
    let parcels: Vec<_> = CASES
        .iter()
        .enumerate()
        .map(|(number, (kind, ..))| traffic.parcel(*kind, &source(number), 0).expect("signed"))
        .collect();
    let delivered = try_join_all(parcels.iter().map(|parcel| traffic.deliver(parcel))).await;
    let events: Vec<_> = parcels
        .into_iter()
        .zip(delivered.expect("signed"))
        .collect();
    let ledger = stage.stack.ledger().expect("the ledger");
    let ended = settle(&ledger, &events, PATIENCE, |_| {}).await;
    let ended = ended.expect("the ledger answers");
    let effects = probe.tally().await.expect("effects");

    for (number, (_, _, _, expected)) in CASES.iter().enumerate() {
        let key = events[number].0.key.to_string();
        let item = ended
            .get(&key)
            .unwrap_or_else(|| panic!("case {number} has not ended"));
        assert_eq!(
            (item.status, item.attempts),
            (*expected, 1),
            "case {number}"
        );
        let took_effect = usize::from(*expected == Status::Done);
        assert_eq!(
            effects.get(&key).copied().unwrap_or(0),
            took_effect,
            "case {number}"
        );
        let cause = item.cause.as_deref().unwrap_or_default();
        assert_eq!(
            cause.contains("refused the"),
            *expected == Status::Failed,
            "case {number}: {cause}"
        );
    }
}
