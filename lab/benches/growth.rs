//! What an event takes as the ledger fills: `cargo test --workspace --bench growth`, after `make
//! bench` has built the functions. Half of all events are of one source, the
//! others of a thousand.

#[path = "../tests/counting/mod.rs"]
mod counting;

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use comfy_table::{Table, presets};
use futures::stream::{self, StreamExt};
use lab::bench::contestant::Contestant;
use lab::bench::figures::Figures;
use lab::bench::meter::Usage;
use lab::bench::sample::{Sample, batch};
use lab::bench::stand_in::StandIn;
use lab::instance::Instance;
use lab::proxy::Proxy;
use uuid::Uuid;
use webhooks::ledger::{Ledger, Listing};
use webhooks::timestamp::Timestamp;
use webhooks_cli::project::Project;
use webhooks_cli::template::Template;

use counting::{TABLE, client, start};

/// Events in the ledger.
const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// Events that are measured at each size.
const MEASURED: u32 = 200;
/// Sources of the events that are there already.
const SOURCES: usize = 1_000;
/// Lists that are made at each size.
const LISTS: u32 = 20;

struct Scene {
    project: Project,
    aws: StandIn,
    dynamodb: Proxy,
    calls: Arc<AtomicU32>,
    queries: Arc<AtomicU32>,
    log: File,
}

/// What an event takes.
struct Taken {
    cpu_ms: f64,
    calls: f64,
}

#[tokio::main]
async fn main() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let endpoint = start(&template).await;
    let scene = Scene::open(project, &endpoint).await;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "events in the ledger",
        "receiver: CPU ms",
        "calls",
        "processor: CPU ms",
        "calls",
        "latest 50 of the busy source: ms",
        "queries",
    ]);
    let mut filled = 0;
    for size in SIZES {
        fill(&client(&endpoint), filled, size).await;
        filled = size;
        let (receiver, messages) = scene.receive().await;
        let processor = scene.process(&messages).await;
        let (list, queries) = scene.list().await;
        table.add_row([
            size.to_string(),
            format!("{:.2}", receiver.cpu_ms),
            format!("{:.2}", receiver.calls),
            format!("{:.2}", processor.cpu_ms),
            format!("{:.2}", processor.calls),
            list.spread(1),
            format!("{queries:.0}"),
        ]);
        println!("{table}\n");
    }
}

impl Scene {
    async fn open(project: Project, endpoint: &str) -> Self {
        let (calls, queries) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        let (counted, queried) = (Arc::clone(&calls), Arc::clone(&queries));
        let judge = move |call: &lab::proxy::Call| {
            counted.fetch_add(1, Ordering::Relaxed);
            if call.operation == "Query" {
                queried.fetch_add(1, Ordering::Relaxed);
            }
            None
        };
        let dynamodb = Proxy::start(endpoint.to_owned(), 1, Arc::new(judge)).await;
        let log = project.scratch().expect("target/local").join("growth.log");
        Self {
            aws: StandIn::start().await.expect("it listens"),
            dynamodb: dynamodb.expect("it listens"),
            calls,
            queries,
            log: File::create(log).expect("a log"),
            project,
        }
    }

    async fn instance(&self, binary: &str) -> Instance {
        let built = Contestant::built(&self.project, binary, binary);
        let mut contestant = built.expect("run make bench first");
        let dynamodb = ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.dynamodb.url());
        contestant.environment.push(dynamodb);
        contestant
            .environment
            .push(("TABLE_NAME".to_owned(), TABLE.to_owned()));
        let started = contestant.start(&self.aws.url(), &self.log).await;
        started.expect("it starts").0
    }

    fn all_calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed) + self.aws.calls.load(Ordering::Relaxed)
    }

    /// New events through the receiver; their messages come back.
    async fn receive(&self) -> (Taken, Vec<String>) {
        let mut instance = self.instance("github").await;
        let sample = || Sample::GitHub(10_000).event(&self.project).expect("a push");
        for _ in 0..20 {
            instance.invoke(&sample()).await.expect("an answer");
        }
        self.aws.keep();
        let events: Vec<_> = (0..MEASURED).map(|_| sample()).collect();
        let (before, calls) = (cpu(&instance), self.all_calls());
        for event in &events {
            let (_, answer) = instance.invoke(event).await.expect("an answer");
            assert!(
                String::from_utf8_lossy(&answer).contains("202"),
                "{answer:?}"
            );
        }
        let cpu = cpu(&instance) - before;
        (
            taken(cpu, self.all_calls() - calls),
            self.aws.heard().messages,
        )
    }

    /// Their messages through the processor, ten to a batch.
    async fn process(&self, messages: &[String]) -> Taken {
        let mut instance = self.instance("processor").await;
        let (before, calls) = (cpu(&instance), self.all_calls());
        for ten in messages.chunks(10) {
            let (_, answer) = instance.invoke(&batch(ten)).await.expect("an answer");
            assert_eq!(answer, "{\"batchItemFailures\":[]}");
        }
        let cpu = cpu(&instance) - before;
        taken(cpu, self.all_calls() - calls)
    }

    /// The latest 50 of the busy source: how long a list takes, and its queries.
    async fn list(&self) -> (Figures, f64) {
        let ledger = Ledger::new(client(&self.dynamodb.url()), TABLE);
        let listing = Listing {
            provider: "github".to_owned(),
            source: "default".to_owned(),
            kind: None,
            status: None,
            since: Timestamp::from_millis(0),
            until: Timestamp::now(),
            limit: 50,
        };
        let mut figures = Figures::default();
        let queries = self.queries.load(Ordering::Relaxed);
        for _ in 0..LISTS {
            let started = Instant::now();
            let listed = ledger.list(&listing).await.expect("a list");
            assert_eq!(listed.len(), 50);
            figures.add(started.elapsed().as_secs_f64() * 1000.0);
        }
        let queries = self.queries.load(Ordering::Relaxed) - queries;
        (figures, f64::from(queries) / f64::from(LISTS))
    }
}

fn taken(cpu: Duration, calls: u32) -> Taken {
    Taken {
        cpu_ms: cpu.as_secs_f64() * 1000.0 / f64::from(MEASURED),
        calls: f64::from(calls) / f64::from(MEASURED),
    }
}

/// Processor time of a process so far.
fn cpu(instance: &Instance) -> Duration {
    let usage = instance.id().and_then(Usage::of);
    usage.expect("it runs").cpu
}

/// Puts events that have ended into the table, until there are so many.
async fn fill(client: &Client, from: usize, to: usize) {
    let batches: Vec<Vec<WriteRequest>> = (from..to)
        .collect::<Vec<_>>()
        .chunks(25)
        .map(|numbers| numbers.iter().map(|number| ended(*number)).collect())
        .collect();
    let writes = stream::iter(batches).map(|batch| async move {
        let written = client.batch_write_item().request_items(TABLE, batch).send();
        let written = written.await.expect("the table takes it");
        assert!(written.unprocessed_items.is_none_or(|left| left.is_empty()));
    });
    writes.buffer_unordered(4).collect::<Vec<()>>().await;
}

fn ended(number: usize) -> WriteRequest {
    let source = match number % 2 {
        0 => "default".to_owned(),
        _ => format!("s{:03}", number / 2 % SOURCES),
    };
    let text = |value: String| AttributeValue::S(value);
    let whole = |value: usize| AttributeValue::N(value.to_string());
    let pk = format!("github/{source}/{}", Uuid::new_v4());
    let shard = webhooks::ledger::shard(&pk, webhooks::ledger::LISTING_SHARDS);
    let item = HashMap::from([
        ("pk".to_owned(), text(pk)),
        (
            "listing".to_owned(),
            text(format!("github/{source}#{shard:02}")),
        ),
        ("received_at".to_owned(), whole(1_767_225_600_000 + number)),
        ("type".to_owned(), text("github.push".to_owned())),
        ("status".to_owned(), text("done".to_owned())),
        ("attempts".to_owned(), whole(1)),
        ("payload".to_owned(), AttributeValue::B(vec![7; 600].into())),
    ]);
    let put = PutRequest::builder()
        .set_item(Some(item))
        .build()
        .expect("an item");
    WriteRequest::builder().put_request(put).build()
}
