//! A source that is opened for the secret that its provider brings.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use webhooks::ledger::Ledger;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::failure::Failure;
use webhooks_cli::pair::pair;
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

async fn stack() -> (Stack, Ledger, Emulator) {
    let project = Project::here().expect("the repository");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(&project, any_port().expect("a port"));
    let emulator = emulator.await.expect("it starts");
    let config = emulator::config(&emulator.endpoint());
    let stack = Stack::create_without_secrets(config, &template).await;
    let (stack, _) = stack.expect("the data resources");
    let ledger = stack.ledger().expect("a ledger");
    (stack, ledger, emulator)
}

async fn bring(ledger: &Ledger, secret: &str) -> bool {
    let later = Timestamp::now().after(Duration::from_secs(3600));
    let offer = ledger.offer("asana", "default", secret, later).await;
    offer.expect("DynamoDB answers")
}

async fn secrets(stack: &Stack) -> Vec<Secret> {
    let secrets = stack.secrets("asana", "default").await;
    secrets.expect("SSM answers")
}

fn lines(texts: &[&str]) -> Vec<Secret> {
    Secret::lines(&texts.join("\n"))
}

/// Begins to pair, and waits until the source is open.
async fn begin(stack: &Stack) -> JoinHandle<Result<Secret, Failure>> {
    let own = stack.clone();
    let pairing = async move { pair(&own, "asana", "default", Duration::from_secs(60)).await };
    let pairing = tokio::spawn(pairing);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let settings = stack.settings("asana", "default").await;
        let settings = settings.expect("SSM answers").unwrap_or_default();
        if settings.contains("pairing_until") {
            return pairing;
        }
        assert!(Instant::now() < deadline, "nobody opens it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_that_is_brought_is_stored_and_the_source_closed() {
    let (stack, ledger, _emulator) = stack().await;
    let before = r#"{"rate":5}"#;
    let put = stack.put_settings("asana", "default", before).await;
    put.expect("SSM takes it");
    // Of an earlier webhook, which goes on.
    let put = stack.put_secret("asana", "default", "earlier").await;
    put.expect("SSM takes it");
    assert!(bring(&ledger, "earlier").await);

    let pairing = begin(&stack).await;
    assert!(bring(&ledger, "brought").await);
    let secret = pairing.await.expect("it ends").expect("it pairs");
    assert_eq!(secret.bytes(), b"brought");
    assert_eq!(secrets(&stack).await, lines(&["brought", "earlier"]));
    let settings = stack.settings("asana", "default").await;
    assert_eq!(settings.expect("SSM answers").as_deref(), Some(before));
    // Who comes later finds it taken.
    assert!(!bring(&ledger, "a stranger's").await);
}

/// What was acknowledged and not stored, because the command was ended, is not thrown away.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_run_left_is_stored_at_once() {
    let (stack, ledger, _emulator) = stack().await;
    assert!(bring(&ledger, "left").await);
    let secret = pair(&stack, "asana", "default", Duration::ZERO).await;
    assert_eq!(secret.expect("it pairs").bytes(), b"left");
    assert_eq!(secrets(&stack).await, lines(&["left"]));
}

/// Nobody knows which of two is the provider's.
#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_are_none() {
    let (stack, ledger, _emulator) = stack().await;
    let pairing = begin(&stack).await;
    assert!(bring(&ledger, "a stranger's").await);
    assert!(!bring(&ledger, "the provider's").await);
    let failed = pairing.await.expect("it ends").expect_err("they are two");
    assert!(failed.to_string().contains("two secrets"), "{failed}");
    assert!(secrets(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_hears_nothing_is_closed_again() {
    let (stack, _, _emulator) = stack().await;
    let failed = pair(&stack, "notion", "default", Duration::ZERO).await;
    let said = failed.expect_err("nobody comes").to_string();
    assert!(said.contains("has not brought its secret"), "{said}");
    let settings = stack.settings("notion", "default").await;
    assert_eq!(settings.expect("SSM answers").as_deref(), Some("{}"));
}
