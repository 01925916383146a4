//! Services that work and take their time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use webhooks::ledger::Status;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::proxy::Fault;
use webhooks_cli::stack::development_secret;
use webhooks_cli::trial::audit::settle;
use webhooks_cli::trial::clock::Clock;
use webhooks_cli::trial::killer::{Killer, Pace};
use webhooks_cli::trial::rules::{Rule, Rules, source};
use webhooks_cli::trial::stage::Stage;
use webhooks_cli::trial::traffic::{Kind, Traffic};

const PATIENCE: Duration = Duration::from_secs(240);

/// An effect that takes that many milliseconds.
const SLOW: [(Kind, &str, u64); 4] = [
    (Kind::Push, "PutEvents", 700),
    (Kind::Push, "PutEvents", 2000),
    (Kind::Message, "Publish", 700),
    (Kind::Message, "Publish", 2000),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_takes_seconds_happens_once_and_ends_its_event() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let (clock, rules) = (Clock::start(), Arc::new(Rules::default()));
    let nobody = Arc::new(Killer::new(clock, 0, Pace::Soon));
    let stage = Stage::set(&project, clock, nobody, rules.plan()).await;
    let mut stage = stage.expect("the stage stands");
    let mut probe = Probe::place(&stage.stack).await.expect("a probe");
    for (number, (kind, operation, millis)) in SLOW.into_iter().enumerate() {
        let (provider, source) = (kind.provider(), source(number));
        let secret = development_secret(provider);
        let put = stage.stack.put_secret(provider, &source, &secret).await;
        put.expect("a secret");
        let rule = Rule {
            function: "processor",
            operation,
            fault: Fault::Slow(millis),
        };
        rules.set(&source, vec![rule]);
    }
    stage.pump(Duration::from_secs(6)).expect("a queue");
    let traffic = Traffic::to(&project, &stage).expect("event files");
    let parcels = SLOW.iter().enumerate();
    let parcels: Vec<_> = parcels
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

    for (slow, (parcel, delivered)) in SLOW.iter().zip(&events) {
        assert!(delivered.acknowledged(), "{slow:?}");
        let key = parcel.key.to_string();
        let item = ended
            .get(&key)
            .unwrap_or_else(|| panic!("{slow:?} has not ended"));
        assert_eq!((item.status, item.attempts), (Status::Done, 1), "{slow:?}");
        assert_eq!(effects.get(&key), Some(&1), "{slow:?}");
    }
}
