//! JSON that readers trip over, through the functions as they run: from the provider's delivery to its
//! effect.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lab::trial::clock::Clock;
use lab::trial::killer::Killer;
use lab::trial::stage::Stage;
use lab::trial::traffic::{Heard, status};
use webhooks::event::EventKey;
use webhooks::ledger::{Item, Ledger, Status};
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::Invoked;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::stack::development_secret;

const TIME_LIMIT: Duration = Duration::from_secs(120);

/// An event of each provider whose body is a JSON object, with a handler, and with none.
const EVENTS: [(&str, &str); 3] = [
    ("github", "push"),
    ("github", "pull_request"),
    ("stripe", "charge.succeeded"),
];

/// Members that nobody reads.
fn odd_members() -> String {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    format!(
        r#""cut":"half \ud83d","cut":1,"huge":123456789012345678901234567890,"far":1e999,"nul":"\u0000","deep":{deep}"#
    )
}

async fn end_of(ledger: &Ledger, key: &EventKey) -> Item {
    let deadline = Instant::now() + TIME_LIMIT;
    loop {
        let item = ledger.find(key).await.expect("the ledger answers");
        match item {
            Some(ended) if matches!(ended.state.status, Status::Done | Status::Failed) => {
                return ended;
            }
            item => assert!(Instant::now() < deadline, "{key} does not end: {item:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_text_arrives_byte_for_byte_and_is_processed() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let clock = Clock::start();
    let nobody = Arc::new(Killer::nobody(clock));
    let stage = Stage::set(&project, clock, nobody, Arc::new(|_, _| None)).await;
    let mut stage = stage.expect("the stage stands");
    let mut probe = Probe::place(&stage.stack).await.expect("a probe");
    stage
        .start_event_sources(Duration::from_secs(6))
        .await
        .expect("a queue");
    let ledger = stage.stack.ledger().expect("the ledger");
    for (name, event) in EVENTS {
        let provider = catalog::by_name(name).expect("a provider");
        let secret = Secret::new(development_secret(name)).expect("not blank");
        let mut fixture = Fixture::read(&project, name, event).expect("an event");
        let odd = format!("{{{},", odd_members());
        fixture.delivery.body.splice(..1, odd.into_bytes());
        let id = fixture.renew(provider, &secret, clock.now());
        let key = EventKey {
            provider: name.to_owned(),
            source: "default".to_owned(),
            id: id.expect("signed"),
        };
        let function = stage.function(name).expect("a function");
        let gateway_event = fixture.gateway_event();
        let heard = match stage.invoker.invoke(function, &gateway_event).await {
            Invoked::Returned(body) => status(&body),
            Invoked::Failed(_) => Heard::Nothing,
        };
        assert_eq!(heard, Heard::Status(202), "{name} {event}");
        let ended = end_of(&ledger, &key).await;
        assert_eq!(
            (ended.state.status, ended.state.attempts),
            (Status::Done, 1),
            "{name} {event}"
        );
        let kept = &ended.receipt.event.payload().bytes;
        assert!(**kept == *fixture.delivery.body, "{name} {event}");
        let effects = probe.effects(&key.to_string()).await;
        assert_eq!(effects.expect("effects"), 1, "{name} {event}");
    }
}
