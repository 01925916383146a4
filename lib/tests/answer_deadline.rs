//! How long a receiver waits for services that take the connection and never answer.

use std::path::Path;
use std::time::Instant;

use tokio::net::TcpListener;
use webhooks::limits;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::{Functions, Plan, Run};
use webhooks_cli::project::Project;
use webhooks_cli::send::{local_url, post_copies};
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::Template;

/// An address that takes every connection, keeps it, and says nothing.
async fn silence() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            kept.push(connection);
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_time_when_neither_dynamodb_nor_sqs_does() {
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
    for service in ["DYNAMODB", "SQS"] {
        environment.insert(format!("AWS_ENDPOINT_URL_{service}"), silence().await);
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
    let github = catalog::by_name("github").expect("a provider");
    let secret = Secret::new(development_secret("github")).expect("not blank");
    let mut fixture = Fixture::read(&project, "github", "push").expect("an event");
    fixture.address(&local_url(&functions.url(), "github", "default"));
    fixture
        .renew(github, &secret, Timestamp::now())
        .expect("signed");

    // The first one also waits until the function is started.
    post_copies(&fixture.delivery, 1).await.expect("an answer");
    let asked = Instant::now();
    let answered = post_copies(&fixture.delivery, 1).await.expect("an answer");

    assert_eq!(
        (answered[0].status, answered[0].outcome.as_str()),
        (503, "unavailable")
    );
    assert!(
        asked.elapsed() < limits::answer(std::time::Duration::from_secs(10)),
        "it took {:?}",
        asked.elapsed()
    );
}
