//! How long a receiver waits for services that take the connection and never answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpListener;
use webhooks::delivery::Delivery;
use webhooks::limits;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::{Functions, Plan, Run};
use webhooks_cli::project::Project;
use webhooks_cli::send::{Answered, FIRST_ANSWER, local_url, post_copies};
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::Template;

/// An address that takes every connection, keeps it, and says nothing.
struct Silence {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Silence {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                kept.push(connection);
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let url = format!("http://{address}");
        Self { url, connections }
    }
}

/// A push of GitHub's, with so many bytes in it that no compression makes smaller.
fn push(project: &Project, url: &str, noise: usize) -> Delivery {
    let github = catalog::by_name("github").expect("a provider");
    let secret = Secret::new(development_secret("github")).expect("not blank");
    let mut fixture = Fixture::read(project, "github", "push").expect("an event");
    let mut push: Value = serde_json::from_slice(&fixture.delivery.body).expect("JSON");
    let noise = std::iter::repeat_with(fastrand::alphanumeric).take(noise);
    push["noise"] = Value::String(noise.collect());
    fixture.delivery.body = push.to_string().into_bytes();
    fixture.address(&local_url(url, "github", "default"));
    fixture
        .renew(github, &secret, Timestamp::now())
        .expect("signed");
    fixture.delivery
}

/// Answers a delivery while these services say nothing; the first of them is given back.
async fn answered(silent: &[&str], noise: usize) -> (Answered, Duration, Silence) {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let port = any_port().expect("a port");
    let emulator = Emulator::start(&project, port)
        .await
        .expect("the emulator starts");
    let config = emulator::config(&emulator.endpoint());
    let (_, mut environment) = Stack::create(config, &template)
        .await
        .expect("the data resources");
    let silence = Silence::listen().await;
    for (index, service) in silent.iter().enumerate() {
        let url = if index == 0 {
            silence.url.clone()
        } else {
            Silence::listen().await.url
        };
        environment.insert(format!("AWS_ENDPOINT_URL_{service}"), url);
    }
    let plan = Plan {
        functions: &template.functions(),
        environment: &environment,
        endpoint: &emulator.endpoint(),
        port: any_port().expect("a port"),
        run: Run::Once,
        processes: 1,
    };
    let (functions, _) = Functions::start(&project, &plan).await.expect("it listens");
    let delivery = || push(&project, &functions.url(), noise);
    // The first one also waits until the function is started.
    post_copies(&delivery(), 1, FIRST_ANSWER)
        .await
        .expect("an answer");
    silence.connections.store(0, Ordering::SeqCst);
    let asked = Instant::now();
    let mut answered = post_copies(&delivery(), 1, FIRST_ANSWER)
        .await
        .expect("an answer");
    (answered.remove(0), asked.elapsed(), silence)
}

fn deadline() -> Duration {
    limits::answer(Duration::from_secs(10))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_time_when_neither_dynamodb_nor_sqs_does() {
    let (answered, took, _) = answered(&["DYNAMODB", "SQS"], 0).await;
    assert_eq!(
        (answered.status, answered.outcome.as_str()),
        (503, "unavailable")
    );
    assert!(took < deadline(), "it took {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_a_large_payload_once_when_neither_s3_nor_dynamodb_answers() {
    let (answered, took, s3) = answered(&["S3", "DYNAMODB"], 300_000).await;
    assert_eq!(
        (answered.status, answered.outcome.as_str()),
        (202, "accepted"),
        "the queue has it whole"
    );
    assert!(took < deadline(), "it took {took:?}");
    assert_eq!(s3.connections.load(Ordering::SeqCst), 1);
}
