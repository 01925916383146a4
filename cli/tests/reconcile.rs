//! `webhooks reconcile`, against the emulator and an API of a provider's.

mod github_api;

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

const SECRET: &str = "token-that-nobody-sees";

struct Place {
    stack: Stack,
    port: u16,
    root: PathBuf,
    credential: String,
    _emulator: Emulator,
}

impl Place {
    async fn new() -> Self {
        let project = Project::here().expect("the repository");
        let template = Template::read(&project.root().join("template.yaml")).expect("a template");
        let port = any_port().expect("a port");
        let emulator = Emulator::start(&project, port).await.expect("it starts");
        let config = emulator::config(&emulator.endpoint());
        let stack = Stack::create_without_secrets(config, &template).await;
        let ago = Timestamp::from_seconds(Timestamp::now().seconds() - 600);
        let payload = json!({"ref": "refs/heads/main"});
        Self {
            stack: stack.expect("the data resources").0,
            port,
            root: project.root().to_owned(),
            credential: github_api::knows("g", ago, payload, SECRET).await,
            _emulator: emulator,
        }
    }

    /// The command's result, with a text for its standard input.
    async fn reconcile(&self, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .arg("reconcile")
            .args(args)
            .args(["--emulator-port", &self.port.to_string()])
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let written = async move {
            use tokio::io::AsyncWriteExt;
            // One that fails before it reads has closed it.
            let _ = stdin.write_all(input.as_bytes()).await;
        };
        let (output, ()) = futures::join!(child.wait_with_output(), written);
        output.expect("it ends")
    }
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_is_missing_and_brings_it_in_once() {
    let place = Place::new().await;

    let none = place.reconcile(&["github"], "").await;
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("--credential"), "{}", said(&none));

    let misspelt = place
        .reconcile(
            &["github", "--credential", "-"],
            r#"{"tokn": "token-that-nobody-sees"}"#,
        )
        .await;
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(said(&misspelt).contains("not of the form") && !said(&misspelt).contains(SECRET));

    // Nobody guesses from when on.
    let never = place
        .reconcile(&["github", "--credential", "-"], &place.credential)
        .await;
    assert_eq!(never.status.code(), Some(2));
    assert!(said(&never).contains("--since"), "{}", said(&never));

    let look = place
        .reconcile(&["github", "--since", "1h", "--dry-run"], "")
        .await;
    assert!(look.status.success(), "{}", said(&look));
    assert!(
        said(&look).contains("1 compared, 1 missing, 0 recovered"),
        "{}",
        said(&look)
    );
    let key = "github/default/1:g".parse().expect("a key");
    let ledger = place.stack.ledger().expect("a ledger");
    assert!(ledger.find(&key).await.expect("DynamoDB answers").is_none());

    let brought = place.reconcile(&["github", "--since", "1h"], "").await;
    assert!(brought.status.success(), "{}", said(&brought));
    assert!(
        said(&brought).contains("1 compared, 1 missing, 1 recovered"),
        "{}",
        said(&brought)
    );
    assert!(ledger.find(&key).await.expect("DynamoDB answers").is_some());

    let again = place.reconcile(&["github"], "").await;
    assert!(again.status.success(), "{}", said(&again));
    assert!(
        said(&again).contains("1 compared, 0 missing"),
        "{}",
        said(&again)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_fails_until_somebody_takes_note_of_it() {
    let place = Place::new().await;
    let stored = place
        .stack
        .put_credential("github", "default", &place.credential)
        .await;
    stored.expect("SSM takes it");
    let ledger = place.stack.ledger().expect("a ledger");
    let mark = ledger.watermark("github", "default").await;
    let mut mark = mark.expect("DynamoDB answers");
    let days = i64::try_from(Duration::from_secs(5 * 86_400).as_millis()).expect("a number");
    mark.reached = Some(Timestamp::from_millis(Timestamp::now().millis() - days));
    let moved = ledger.move_watermark("github", "default", &mut mark).await;
    assert!(moved.expect("DynamoDB answers"));

    for _ in 0..2 {
        let output = place.reconcile(&["github"], "").await;
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("a gap: "), "{}", said(&output));
    }
    let accepted = place.reconcile(&["github", "--accept-gaps"], "").await;
    assert!(accepted.status.success(), "{}", said(&accepted));
    assert!(
        said(&accepted).contains("accepted: "),
        "{}",
        said(&accepted)
    );
}
