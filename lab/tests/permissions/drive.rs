//! Drives every function to every call that it can make, and records the calls at its proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use lab::proxy::{Call, Fault};
use lab::trial::clock::{Clock, hastened};
use lab::trial::killer::Killer;
use lab::trial::rules::{Rule, Rules, source};
use lab::trial::stage::Stage;
use lab::trial::traffic::{Heard, status};
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::ledger::{Item, Status};
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::secret::Secret;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::Invoked;
use webhooks_cli::project::Project;
use webhooks_cli::stack::development_secret;

use crate::lost::lose;

const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The relay's minute.
const RELAY: Duration = Duration::from_secs(60);

/// Calls with the name of the function that made them.
pub(crate) type Seen = Vec<(String, Call)>;

/// What is broken on the way of a delivery, by the source that it goes to.
#[derive(Clone, Copy)]
enum Way {
    /// Nothing.
    Plain,
    /// The payload goes to the bucket.
    Large,
    /// The bucket does not take the payload.
    NoBucket,
    /// The ledger does not take the event, so that the queue gets it whole.
    NoLedger,
    /// Neither takes it.
    Neither,
    /// The queue does not take the message, so that the relay sends it.
    NoQueue,
}

const WAYS: [Way; 6] = [
    Way::Plain,
    Way::Large,
    Way::NoBucket,
    Way::NoLedger,
    Way::Neither,
    Way::NoQueue,
];

impl Way {
    const fn is_large(self) -> bool {
        matches!(self, Self::Large | Self::NoBucket | Self::Neither)
    }

    const fn broken(self) -> &'static [&'static str] {
        match self {
            Self::Plain | Self::Large => &[],
            Self::NoBucket => &["PutObject"],
            Self::NoLedger => &["PutItem"],
            Self::Neither => &["PutObject", "PutItem"],
            Self::NoQueue => &["SendMessage"],
        }
    }
}

/// A delivery that can be sent any number of times.
struct Parcel {
    key: EventKey,
    fixture: Fixture,
}

struct Driver {
    project: Project,
    clock: Clock,
    rules: Arc<Rules>,
    stage: Stage,
}

/// Every call that the functions make, and the stage on which they made them.
pub(crate) async fn drive(project: Project) -> (Stage, Seen) {
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let rules = Arc::new(Rules::default());
    let clock = Clock::start();
    let (recorder, plan) = (Arc::clone(&seen), rules.plan());
    let spoiled = Mutex::new(BTreeSet::new());
    let faults = move |function: &str, call: &Call| {
        let mut seen = recorder.lock().expect("no panic");
        seen.push((function.to_owned(), call.clone()));
        let spoil = is_decryption(call)
            && spoiled
                .lock()
                .expect("no panic")
                .insert(function.to_owned());
        // One secret that cannot be decrypted: the others are read apart.
        spoil
            .then_some(Fault::Refused("InvalidKeyId"))
            .or_else(|| plan(function, call))
    };
    let nobody = Arc::new(Killer::nobody(clock));
    let stage = Stage::set(&project, clock, nobody, Arc::new(faults));
    let stage = stage.await.expect("the stage stands");
    let mut driver = Driver {
        project,
        clock,
        rules,
        stage,
    };
    driver.run().await;
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    (driver.stage, seen)
}

fn is_decryption(call: &Call) -> bool {
    let body = String::from_utf8_lossy(&call.body);
    call.operation == "GetParametersByPath" && body.contains("\"WithDecryption\":true")
}

impl Driver {
    async fn run(&mut self) {
        let events = self.events();
        for name in events.keys() {
            let secret = development_secret(name);
            for way in 0..WAYS.len() {
                let source = source(way);
                let put = self.stage.stack.put_secret(name, &source, &secret);
                put.await.expect("a secret");
            }
        }
        let lost = self.lose_a_payload().await;
        let pair = self.deliver_two().await;
        let queue = self.stage.stack.queue().expect("the queue");
        let unreadable = queue.send("no envelope".to_owned(), None);
        unreadable.await.expect("it is sent");
        self.stage
            .start_event_sources(hastened(RELAY))
            .await
            .expect("a queue");
        for (name, fixtures) in &events {
            let (first, others) = fixtures.split_first().expect("an event");
            self.send_every_way(name, first).await;
            let parcel = |fixture| self.parcel(name, fixture, &source(0), false);
            let parcels: Vec<_> = others.iter().map(parcel).collect();
            for parcel in &parcels {
                assert_accepted(name, self.deliver(parcel).await);
            }
            for parcel in &parcels {
                self.end_of(&parcel.key).await;
            }
        }
        for name in events.keys() {
            self.deliver_batches(name).await;
        }
        for key in &pair {
            self.end_of(key).await;
        }
        self.put_back().await;
        let unheard = lose(&self.stage.stack).await;
        self.appears(&unheard).await;
        let lost = self.end_of(&lost).await;
        assert_eq!(
            lost.state.cause.as_deref(),
            Some("the bucket does not have the payload")
        );
    }

    /// A provider's deliveries that bring several events each.
    async fn deliver_batches(&self, name: &str) {
        let provider = catalog::by_name(name).expect("a provider");
        let every = Fixture::every(&self.project, provider).expect("samples");
        for (event, meaning) in every {
            if !matches!(meaning, Meaning::Batch(_)) {
                continue;
            }
            let fixture = Fixture::read(&self.project, name, &event).expect("a sample");
            let parcel = self.parcel(name, &fixture, &source(0), false);
            assert_accepted(name, self.deliver(&parcel).await);
            self.end_of(&parcel.key).await;
        }
    }

    /// Each provider's delivery on every way, once more, and once more after it has failed.
    async fn send_every_way(&self, name: &str, fixture: &Fixture) {
        for (number, way) in WAYS.into_iter().enumerate() {
            let parcel = self.parcel(name, fixture, &source(number), way.is_large());
            self.break_calls(number, way.broken());
            assert_accepted(name, self.deliver(&parcel).await);
            self.end_of(&parcel.key).await;
            self.deliver(&parcel).await;
            self.break_calls(number, &[]);
            self.deliver(&parcel).await;
            self.mark_as_failed(&parcel.key).await;
            self.break_calls(number, way.broken());
            assert_accepted(name, self.deliver(&parcel).await);
            self.end_of(&parcel.key).await;
            self.break_calls(number, &[]);
        }
    }

    fn break_calls(&self, way: usize, operations: &[&'static str]) {
        let broken = |operation: &&'static str| Rule {
            function: "receiver",
            operation,
            fault: Fault::Refused("AccessDeniedException"),
        };
        self.rules
            .set(&source(way), operations.iter().map(broken).collect());
    }

    /// An event whose payload is gone before the processor asks for it.
    async fn lose_a_payload(&self) -> EventKey {
        let events = self.events();
        let (name, fixtures) = events.first_key_value().expect("a provider");
        let parcel = self.parcel(name, &fixtures[0], &source(1), true);
        assert_accepted(name, self.deliver(&parcel).await);
        let item = self.find(&parcel.key).await.expect("it is recorded");
        let object = item
            .receipt
            .event
            .payload()
            .away()
            .expect("it is in the bucket");
        let bucket = self.stage.stack.output("PayloadsBucket").expect("a bucket");
        let s3 = aws_sdk_s3::config::Builder::from(&self.stage.stack.config).force_path_style(true);
        let delete = aws_sdk_s3::Client::from_conf(s3.build()).delete_object();
        let delete = delete.bucket(bucket).key(object.name());
        delete.send().await.expect("it is deleted");
        parcel.key
    }

    /// Two events that wait for the processor together.
    async fn deliver_two(&self) -> Vec<EventKey> {
        let events = self.events();
        let (name, fixtures) = events.first_key_value().expect("a provider");
        let mut keys = Vec::new();
        for _ in 0..2 {
            let parcel = self.parcel(name, &fixtures[0], &source(0), false);
            assert_accepted(name, self.deliver(&parcel).await);
            keys.push(parcel.key);
        }
        keys
    }

    /// An event whose payload the processor cannot have at first: a message brings it once more.
    async fn put_back(&self) {
        let events = self.events();
        let (name, fixtures) = events.first_key_value().expect("a provider");
        let number = WAYS.iter().position(|way| matches!(way, Way::Large));
        let source = source(number.expect("one of them"));
        let refused = Rule {
            function: "processor",
            operation: "GetObject",
            fault: Fault::Refused("AccessDenied"),
        };
        self.rules.set(&source, vec![refused]);
        let parcel = self.parcel(name, &fixtures[0], &source, true);
        assert_accepted(name, self.deliver(&parcel).await);
        let deadline = Instant::now() + TIME_LIMIT;
        let waits = |item: Option<Item>| item.is_some_and(|item| item.state.put_back > 0);
        while !waits(self.find(&parcel.key).await) {
            assert!(Instant::now() < deadline, "it is not put back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.rules.set(&source, Vec::new());
        let done = self.end_of(&parcel.key).await;
        assert_eq!(done.state.status, Status::Done);
    }

    /// The events of each provider that the stack has a receiver for, by the method that its sources take.
    fn events(&self) -> BTreeMap<String, Vec<Fixture>> {
        let of = |name: &str| {
            let provider = catalog::by_name(name).expect("a provider");
            let mut fixtures = Fixture::all(&self.project, provider).expect("events");
            let method = provider.profile().methods[0];
            fixtures.retain(|fixture| fixture.delivery.method == method);
            (name.to_owned(), fixtures)
        };
        self.stage.providers().map(of).collect()
    }

    fn parcel(&self, name: &str, fixture: &Fixture, source: &str, large: bool) -> Parcel {
        let provider = catalog::by_name(name).expect("a provider");
        let mut fixture = fixture.clone();
        fixture
            .route(&format!("/webhooks/{name}/{source}"))
            .expect("a gateway event");
        if large {
            pad(&mut fixture.delivery.body);
        }
        let id = fixture.renew(provider, &secret(name), self.clock.now());
        let key = EventKey {
            provider: name.to_owned(),
            source: source.to_owned(),
            id: id.expect("signed"),
        };
        Parcel { key, fixture }
    }

    async fn deliver(&self, parcel: &Parcel) -> Heard {
        let name = &parcel.key.provider;
        let provider = catalog::by_name(name).expect("a provider");
        let mut fixture = parcel.fixture.clone();
        let signed = fixture.sign(provider, &secret(name), self.clock.now());
        signed.expect("signed");
        let function = self.stage.function(name).expect("a function");
        match self
            .stage
            .invoker
            .invoke(function, &fixture.gateway_event())
            .await
        {
            Invoked::Returned(body) => status(&body),
            Invoked::Failed(_) => Heard::Nothing,
        }
    }

    async fn find(&self, key: &EventKey) -> Option<Item> {
        let ledger = self.stage.stack.ledger().expect("the ledger");
        ledger.find(key).await.expect("the ledger answers")
    }

    async fn appears(&self, key: &EventKey) {
        let deadline = Instant::now() + TIME_LIMIT;
        while self.find(key).await.is_none() {
            assert!(Instant::now() < deadline, "{key} is not recovered");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.end_of(key).await;
    }

    async fn end_of(&self, key: &EventKey) -> Item {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let item = self.find(key).await;
            match &item {
                Some(ended) if matches!(ended.state.status, Status::Done | Status::Failed) => {
                    return ended.clone();
                }
                _ => assert!(Instant::now() < deadline, "{key} does not end: {item:?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn mark_as_failed(&self, key: &EventKey) {
        let stack = &self.stage.stack;
        let update = aws_sdk_dynamodb::Client::new(&stack.config).update_item();
        let update = update
            .table_name(stack.output("TableName").expect("a table"))
            .key("pk", AttributeValue::S(state_key(key)))
            .condition_expression("attribute_exists(#status)")
            .update_expression("SET #status = :failed, overdue_at = :now")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":failed", AttributeValue::S("failed".to_owned()))
            .expression_attribute_values(
                ":now",
                AttributeValue::N(self.clock.now().millis().to_string()),
            );
        update.send().await.expect("it is marked");
    }
}

fn state_key(key: &EventKey) -> String {
    format!("{}/{}#state/{}", key.provider, key.source, key.id)
}

fn secret(name: &str) -> Secret {
    Secret::new(development_secret(name)).expect("not blank")
}

fn assert_accepted(name: &str, heard: Heard) {
    assert!(
        matches!(heard, Heard::Status(200 | 202)),
        "{name}: {heard:?}"
    );
}

/// Makes a body larger than an item takes, of text that no compression makes much shorter.
fn pad(body: &mut Vec<u8>) {
    let noise: String = (0..2000)
        .map(|_| Uuid::new_v4().simple().to_string())
        .collect();
    if body.starts_with(b"{") {
        body.splice(..1, format!("{{\"padding\":\"{noise}\",").into_bytes());
    } else {
        body.extend(format!("&Padding={noise}").into_bytes());
    }
}
