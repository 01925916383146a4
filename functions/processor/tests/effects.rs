//! Effects whose service takes its time, or will never take them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use lab::proxy::{Call, Fault};
use lab::trial::audit::settle;
use lab::trial::clock::Clock;
use lab::trial::killer::Killer;
use lab::trial::rules::source;
use lab::trial::stage::Stage;
use lab::trial::traffic::{Delivered, Kind, Parcel, Traffic};
use webhooks::ledger::{Item, Status};
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::stack::development_secret;

const TIME_LIMIT: Duration = Duration::from_secs(240);

/// The end of one event, and the number of times that it had its effect.
struct Ended {
    item: Item,
    effects: usize,
}

/// Delivers an event of each kind to a source of its own, and waits until all have ended. `fault` says
/// what happens to a call that makes the effect of the event of that number.
async fn play(kinds: &[Kind], fault: fn(usize, &Call) -> Option<Fault>) -> Vec<Ended> {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let sources: Vec<String> = (0..kinds.len()).map(source).collect();
    let named = sources.clone();
    let plan = Arc::new(move |_: &str, call: &Call| {
        let body = String::from_utf8_lossy(&call.body);
        let is_effect = ["PutEvents", "Publish"].contains(&&*call.operation);
        let number = named.iter().position(|name| body.contains(name));
        fault(number.filter(|_| is_effect)?, call)
    });
    let clock = Clock::start();
    let nobody = Arc::new(Killer::nobody(clock));
    let stage = Stage::set(&project, clock, nobody, plan).await;
    let mut stage = stage.expect("the stage stands");
    let mut probe = Probe::place(&stage.stack).await.expect("a probe");
    for (kind, source) in kinds.iter().zip(&sources) {
        let secret = development_secret(kind.provider());
        let put = stage.stack.put_secret(kind.provider(), source, &secret);
        put.await.expect("a secret");
    }
    stage
        .start_event_sources(Duration::from_secs(6))
        .await
        .expect("a queue");
    let traffic = Traffic::to(&project, &stage).expect("event files");
    let each = kinds.iter().zip(&sources);
    let parcels: Vec<_> = each
        .map(|(kind, source)| traffic.parcel(*kind, source, 0).expect("signed"))
        .collect();
    let delivered = try_join_all(parcels.iter().map(|parcel| traffic.deliver(parcel))).await;
    let events: Vec<_> = parcels
        .into_iter()
        .zip(delivered.expect("signed"))
        .collect();
    assert!(events.iter().all(|(_, delivered)| delivered.acknowledged()));
    let ledger = stage.stack.ledger().expect("the ledger");
    let ended = settle(&ledger, &events, TIME_LIMIT, |_| {}).await;
    let mut ended: BTreeMap<String, Item> = ended.expect("the ledger answers").ended;
    let effects = probe.tally().await.expect("effects");
    let of = |(number, (parcel, _)): (usize, &(Parcel, Delivered))| {
        let key = parcel.key.to_string();
        let item = ended.remove(&key);
        Ended {
            item: item.unwrap_or_else(|| panic!("number {number} has not ended")),
            effects: effects.get(&key).copied().unwrap_or(0),
        }
    };
    events.iter().enumerate().map(of).collect()
}

/// An effect that takes that many milliseconds.
const SLOW: [(Kind, u64); 4] = [
    (Kind::Push, 700),
    (Kind::Push, 2000),
    (Kind::Message, 700),
    (Kind::Message, 2000),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_takes_seconds_happens_once_and_ends_its_event() {
    let kinds = SLOW.map(|(kind, _)| kind);
    let ended = play(&kinds, |number, _| Some(Fault::Slow(SLOW[number].1))).await;
    for (slow, ended) in SLOW.iter().zip(&ended) {
        let outcome = (
            ended.item.state.status,
            ended.item.state.attempts,
            ended.effects,
        );
        assert_eq!(outcome, (Status::Done, 1, 1), "{slow:?}");
    }
}

const MALFORMED_DETAIL: &str = r#"{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "nesting"}]}"#;

/// The part that is refused: whatever carries the whole, or everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Whole,
    All,
}

const LASTING: [(Kind, Refused, Fault); 6] = [
    (
        Kind::Message,
        Refused::Whole,
        Fault::Refused("InvalidParameter"),
    ),
    (Kind::Message, Refused::Whole, Fault::Answer(413, "")),
    (
        Kind::Message,
        Refused::All,
        Fault::Refused("InvalidParameter"),
    ),
    (Kind::Push, Refused::All, Fault::Answer(413, "")),
    (
        Kind::Push,
        Refused::All,
        Fault::Answer(200, MALFORMED_DETAIL),
    ),
    (
        Kind::Push,
        Refused::All,
        Fault::Refused("ValidationException"),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_lasts_goes_by_reference_or_fails_at_once() {
    let kinds = LASTING.map(|(kind, ..)| kind);
    let refuse = |number: usize, call: &Call| {
        let (_, refused, fault) = LASTING[number];
        let body = String::from_utf8_lossy(&call.body);
        // Entries that come together are refused together, and come again one by one.
        if body.matches("\"DetailType\"").count() > 1 {
            return Some(Fault::Answer(413, ""));
        }
        let is_whole = !body.contains("dataref");
        (refused == Refused::All || is_whole).then_some(fault)
    };
    let ended = play(&kinds, refuse).await;
    for (case, ended) in LASTING.iter().zip(&ended) {
        let (status, effects) = match case.1 {
            Refused::Whole => (Status::Done, 1),
            Refused::All => (Status::Failed, 0),
        };
        let outcome = (
            ended.item.state.status,
            ended.item.state.attempts,
            ended.effects,
        );
        assert_eq!(outcome, (status, 1, effects), "{case:?}");
        let cause = ended.item.state.cause.as_deref().unwrap_or_default();
        assert_eq!(
            cause.contains("refused the"),
            status == Status::Failed,
            "{case:?}: {cause}"
        );
    }
}
