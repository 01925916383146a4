//! How often a receiver calls AWS before it answers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use lab::proxy::{Call, Proxy};
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::{Functions, Plan, Run};
use webhooks_cli::project::Project;
use webhooks_cli::send::{FIRST_ANSWER, local_url, post_copies};
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::Template;

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_makes_two_calls_before_it_answers_and_its_secrets_are_there_already() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(&project, any_port().expect("a port"))
        .await
        .expect("it starts");
    let config = emulator::config(&emulator.endpoint());
    let (_, mut environment) = Stack::create(config, &template)
        .await
        .expect("the data resources");
    environment.insert("FORWARDED_HOST".to_owned(), "trust".to_owned());
    let operations: Arc<Mutex<Vec<String>>> = Arc::default();
    let recorder = Arc::clone(&operations);
    let record = move |call: &Call| {
        let operation = call.operation.clone();
        recorder.lock().expect("no panic").push(operation);
        None
    };
    let proxy = Proxy::start(emulator.endpoint(), 1, Arc::new(record));
    let proxy = proxy.await.expect("it listens");
    let take = || std::mem::take(&mut *operations.lock().expect("no panic"));
    let plan = Plan {
        functions: &template.functions(),
        environment: &environment,
        endpoint: &proxy.url(),
        port: any_port().expect("a port"),
        run: Run::Once,
        processes: 1,
    };
    let (functions, _) = Functions::start(&project, &plan).await.expect("it listens");

    for (name, event) in [
        ("github", "push"),
        ("stripe", "charge.succeeded"),
        ("twilio", "message"),
    ] {
        let provider = catalog::by_name(name).expect("a provider");
        let secret = Secret::new(development_secret(name)).expect("not blank");
        let mut fixture = Fixture::read(&project, name, event).expect("an event");
        fixture.address(&local_url(&functions.url(), name, "default"));
        // The first delivery starts the function, which reads its secrets and opens its connections.
        for delivery in ["first", "second"] {
            fixture
                .renew(provider, &secret, Timestamp::now())
                .expect("signed");
            take();
            let answered = post_copies(&fixture.delivery, 1, FIRST_ANSWER)
                .await
                .expect("an answer");
            assert_eq!(answered[0].outcome, "accepted", "{name}: the {delivery}");
        }
        assert_eq!(take(), ["PutItem", "SendMessage"], "{name}");
    }
}
