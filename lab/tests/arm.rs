//! The functions as they are deployed by default, for arm64, in an emulator of its processors: `make arm`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lab::host::{Host, Hosted};
use lab::trial::clock::Clock;
use lab::trial::killer::Killer;
use lab::trial::traffic::{Heard, status};
use serde_json::json;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::event_source::pass_batch;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::Invoked;
use webhooks_cli::project::Project;
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::{Function, Template};

/// An emulated start takes seconds.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A program that runs a function's arm64 binary.
fn program(project: &Project, folder: &Path, binary: &str) -> PathBuf {
    let emulator = project.tool("arm/usr/bin/qemu-aarch64-static");
    let emulator = emulator.expect("installed");
    let libraries = project.root().join(".tools/arm/usr/aarch64-linux-gnu");
    let bootstrap = project
        .root()
        .join("target/arm64")
        .join(binary)
        .join("bootstrap");
    let head = std::fs::read(&bootstrap).expect("it is built");
    // The machine in an ELF header: 183 is AArch64.
    assert_eq!(head[18..20], [183, 0], "{binary}");
    let script = folder.join(binary);
    let text = format!(
        "#!/bin/sh\nexec {} -L {} {}\n",
        emulator.display(),
        libraries.display(),
        bootstrap.display()
    );
    std::fs::write(&script, text).expect("a file");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&script, executable).expect("our file");
    script
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the functions for arm64: make arm"]
async fn every_function_runs_on_arm64() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(&project, any_port().expect("a port")).await;
    let emulator = emulator.expect("it starts");
    let stack = Stack::create(emulator::config(&emulator.endpoint()), &template).await;
    let (stack, environment) = stack.expect("the data resources");
    let folder = tempfile::tempdir().expect("a folder");
    let plan = template.functions();
    let hosted = |function: &Function| {
        let mut environment: Vec<_> = environment.clone().into_iter().collect();
        environment.extend(function.own_environment());
        environment.push(("AWS_ENDPOINT_URL".to_owned(), emulator.endpoint()));
        Hosted {
            name: function.name.clone(),
            program: program(&project, folder.path(), &function.binary),
            environment,
            processes: 1,
            timeout: TIME_LIMIT,
        }
    };
    let hosted: Vec<_> = plan.iter().map(hosted).collect();
    let log = std::fs::File::create(folder.path().join("log")).expect("a file");
    let nobody = Arc::new(Killer::nobody(Clock::start()));
    let host = Host::start(&hosted, nobody, &log)
        .await
        .expect("it listens");
    let invoker = host.invoker();
    let function = |name: &str| {
        let function = plan.iter().find(|function| function.name == name);
        let mut function = function.expect("in the template").clone();
        function.timeout = TIME_LIMIT.as_secs();
        function
    };

    let mut keys = Vec::new();
    for name in plan.iter().flat_map(|function| &function.providers) {
        let provider = catalog::by_name(name).expect("a provider");
        let secret = Secret::new(development_secret(name)).expect("not blank");
        let mut fixture = Fixture::first(&project, provider).expect("an event");
        let now = webhooks::timestamp::Timestamp::now();
        let id = fixture.renew(provider, &secret, now).expect("signed");
        let heard = match invoker
            .invoke(&function(name), &fixture.gateway_event())
            .await
        {
            Invoked::Returned(body) => status(&body),
            Invoked::Failed(why) => panic!("{name}: {why}"),
        };
        // TwiML is taken with 200 alone.
        let accepted = matches!(heard, Heard::Status(200 | 202));
        assert!(accepted, "{name}: {heard:?}");
        keys.push(EventKey {
            provider: name.to_owned(),
            source: "default".to_owned(),
            id,
        });
    }
    for scheduled in ["relay", "reconciler"] {
        let ran = invoker.invoke(&function(scheduled), &json!({})).await;
        assert!(matches!(ran, Invoked::Returned(_)), "{scheduled}: {ran:?}");
    }

    let sqs = aws_sdk_sqs::Client::new(&stack.config);
    let queue_url = stack.output("QueueUrl").expect("an output");
    let ledger = stack.ledger().expect("the ledger");
    let processor = function("processor");
    let deadline = Instant::now() + TIME_LIMIT;
    for key in keys {
        loop {
            let item = ledger.find(&key).await.expect("the ledger answers");
            match item.map(|item| item.state.status) {
                Some(Status::Done) => break,
                other => assert!(Instant::now() < deadline, "{key}: {other:?}"),
            }
            let passed = pass_batch(&sqs, queue_url, &invoker, &processor);
            passed.await.expect("the queue answers");
        }
    }
}
