//! Release binaries: built as `sam build` builds them, started as Lambda starts them. `make test` leaves their
//! optimisation out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use tokio::process::Command;
use webhooks::envelope::{Message, whole_envelope};
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Status};
use webhooks::timestamp::Timestamp;
use webhooks_cli::child::Child;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::event_source::pass_batch;
use webhooks_cli::functions::{Functions, Plan, Run};
use webhooks_cli::keys::{Keys, REGION};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::{Function, Template};

const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Builds a binary as `sam build` does: by cargo-lambda, in the profile that the workspace ships.
async fn build(project: &Project, binary: &str) -> PathBuf {
    let status = Command::new(project.tool("sam/bin/cargo-lambda").expect("installed"))
        .args(["lambda", "build", "--release", "--locked", "--bin", binary])
        .env("PATH", project.path())
        .current_dir(project.root())
        .stdin(Stdio::null())
        .status()
        .await
        .expect("cargo-lambda starts");
    assert!(status.success(), "cargo lambda build --bin {binary}");
    project
        .root()
        .join("target/lambda")
        .join(binary)
        .join("bootstrap")
}

struct Deployed {
    stack: Stack,
    functions: Functions,
    processor: Function,
    queue_url: String,
    _binary: Child,
    _emulator: Emulator,
}

/// A processor's binary on the template's queue and ledger, with two attempts an event, and a
/// dead-letter queue after three receipts so that the test need not wait for fifty.
async fn deploy(project: &Project, binary: &Path) -> Deployed {
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(project, any_port().expect("a port"))
        .await
        .expect("it starts");
    let endpoint = emulator.endpoint();
    let (stack, mut environment) = Stack::create(emulator::config(&endpoint), &template)
        .await
        .expect("the data resources");
    environment.insert("MAX_ATTEMPTS".to_owned(), "2".to_owned());
    let queue_url = stack.output("QueueUrl").expect("an output").to_owned();
    shorten_the_way_to_the_dead_letters(&stack, &queue_url).await;
    let plan = template.functions();
    let watch = Plan {
        functions: &plan,
        environment: &BTreeMap::new(),
        endpoint: &endpoint,
        port: any_port().expect("a port"),
        run: Run::Elsewhere,
        processes: 1,
    };
    let (functions, _) = Functions::start(project, &watch)
        .await
        .expect("the runtime API");
    let mut command = Command::new(binary);
    command
        .envs(&environment)
        .env("AWS_LAMBDA_RUNTIME_API", functions.runtime_api("processor"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "processor")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_REGION", REGION)
        .envs(Keys::ours().environment());
    let child = Child::start("the processor", &mut command).expect("it starts");
    let processor = plan
        .into_iter()
        .find(|function| function.batch_size.is_some());
    let processor = processor.expect("the template has a processor");
    Deployed {
        stack,
        functions,
        processor,
        queue_url,
        _binary: child,
        _emulator: emulator,
    }
}

async fn shorten_the_way_to_the_dead_letters(stack: &Stack, queue_url: &str) {
    let sqs = aws_sdk_sqs::Client::new(&stack.config);
    let all = sqs
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(QueueAttributeName::All);
    let attributes = all
        .send()
        .await
        .expect("an answer")
        .attributes
        .unwrap_or_default();
    let policy = attributes
        .get(&QueueAttributeName::RedrivePolicy)
        .expect("a redrive policy");
    let mut policy: serde_json::Value = serde_json::from_str(policy).expect("JSON");
    policy["maxReceiveCount"] = json!(3);
    let set = sqs.set_queue_attributes().queue_url(queue_url);
    let set = set.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    set.send().await.expect("the policy is set");
}

impl Deployed {
    async fn send(&self, body: &str) {
        let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
        let sent = sqs
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .send()
            .await;
        sent.expect("the message is sent");
    }

    async fn pass_batch(&self) {
        let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
        let invoker = self.functions.invoker();
        let passed = pass_batch(&sqs, &self.queue_url, &invoker, &self.processor).await;
        passed.expect("the queue answers");
    }

    fn ledger(&self) -> Ledger {
        self.stack.ledger().expect("a ledger")
    }

    async fn status(&self, id: &str) -> Option<Status> {
        let item = self.ledger().find(&key(id)).await.expect("an answer");
        item.map(|item| item.state.status)
    }

    async fn dead_letters(&self) -> Vec<String> {
        let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
        let url = self.stack.output("DeadLetterQueueUrl").expect("an output");
        let received = sqs
            .receive_message()
            .queue_url(url)
            .visibility_timeout(0)
            .send()
            .await;
        let messages = received.expect("an answer").messages.unwrap_or_default();
        messages
            .into_iter()
            .filter_map(|message| message.body)
            .collect()
    }
}

fn key(id: &str) -> EventKey {
    EventKey {
        provider: "github".to_owned(),
        source: "default".to_owned(),
        id: id.to_owned(),
    }
}

/// A message that carries its event whole: the ledger has nothing of it yet.
fn message(id: &str, kind: &str) -> String {
    let message = json!({
        "specversion": "1.0",
        "id": id,
        "source": "/webhooks/github/default",
        "type": kind,
        "time": Timestamp::now().to_string(),
        "datacontenttype": "application/json",
        "data": {},
    });
    let message = Message::read(&message.to_string()).expect("an envelope");
    whole_envelope(&message.whole.expect("it carries the event"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a release build: make test"]
async fn one_bad_record_never_blocks_another_in_a_release_build() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let deployed = deploy(&project, &build(&project, "handlers").await).await;
    deployed
        .send(&message("good-1", "github.star.created"))
        .await;
    deployed.send("this is not an envelope").await;
    deployed.send(&message("panics", "github.push")).await;
    deployed.send(&message("poison", "github.delete")).await;
    deployed.send(&message("later", "github.status")).await;
    deployed
        .send(&message("good-2", "github.star.deleted"))
        .await;

    deployed.pass_batch().await;
    assert_eq!(deployed.status("good-1").await, Some(Status::Done));
    assert_eq!(deployed.status("good-2").await, Some(Status::Ignored));
    assert_eq!(deployed.status("poison").await, Some(Status::Failed));
    assert_eq!(
        deployed.status("panics").await,
        Some(Status::Waiting),
        "waits for its second attempt"
    );

    let deadline = Instant::now() + TIME_LIMIT;
    while deployed.status("panics").await != Some(Status::Failed)
        || deployed.status("later").await != Some(Status::Done)
        || deployed.dead_letters().await.is_empty()
    {
        assert!(Instant::now() < deadline, "the others do not end");
        deployed.pass_batch().await;
    }
    let panicked = deployed
        .ledger()
        .find(&key("panics"))
        .await
        .expect("an answer")
        .expect("an item");
    assert_eq!(panicked.state.attempts, 2);
    assert_eq!(
        panicked.state.cause.as_deref(),
        Some("the handler panicked; no attempts left after 2")
    );
    assert_eq!(deployed.dead_letters().await, ["this is not an envelope"]);
}

/// The variable by which fail points are set is read by every build that has any.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a release build: make test"]
async fn no_fail_point_can_be_set_in_a_release_build() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    for binary in ["receiver", "processor", "relay", "reconciler"] {
        let bytes = std::fs::read(build(&project, binary).await).expect("a binary");
        let holds = |name: &str| {
            bytes
                .windows(name.len())
                .any(|part| part == name.as_bytes())
        };
        assert!(holds("TABLE_NAME"), "its texts can be found");
        assert!(!holds("FAILPOINTS"), "{binary}");
    }
}
