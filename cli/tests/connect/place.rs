//! A stack in the emulator, a provider's API, and a receiver of what that delivers.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::PoisonError;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{Emulator, any_port, config};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::project::Project;
use webhooks_cli::send::{FIRST_ANSWER, post_copies};
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

use crate::receiver::{self, Answered};

/// The secret part of every credential.
pub(crate) const TOKEN: &str = "token-that-nobody-sees";

/// The text before the path of the stack's URLs.
pub(crate) const BASE: &str = "https://hooks.example";

/// A stack, and the way to call the command there.
pub(crate) struct Place {
    pub(crate) stack: Stack,
    port: u16,
    root: PathBuf,
    /// Statuses with which the receiver has answered.
    answered: Answered,
    receiver: String,
    _emulator: Emulator,
}

/// A provider's API of the official description.
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) _process: Option<Child>,
}

/// The result of a command.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let project = Project::here().expect("the repository");
        let template = Template::read(&project.root().join("template.yaml")).expect("a template");
        let (port, emulator) = emulator(&project).await;
        let config = config(&emulator.endpoint());
        let stack = Stack::create_without_secrets(config, &template).await;
        let stack = stack.expect("the data resources").0;
        let answered = Answered::default();
        Self {
            receiver: receiver::start(stack.clone(), answered.clone()).await,
            stack,
            port,
            root: project.root().to_owned(),
            answered,
            _emulator: emulator,
        }
    }

    /// Starts a provider's API.
    pub(crate) async fn api(&self, provider: &str) -> Api {
        let script = oracle().join("api/server.mjs");
        let mut process = node()
            .arg(script)
            .args([provider, &self.receiver])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let out = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(out).lines();
        let url = lines.next_line().await.expect("a line");
        Api {
            url: url.expect("its URL; install what it needs with: make tools"),
            _process: Some(process),
        }
    }

    /// Runs the command with the token for its standard input, against an API.
    pub(crate) async fn run(&self, api: &Api, args: &[&str]) -> Said {
        self.run_with(api, args, TOKEN).await
    }

    pub(crate) async fn run_with(&self, api: &Api, args: &[&str], input: &str) -> Said {
        let args = [args, &["--url", BASE]].concat();
        self.reconcile(api, &args, input).await
    }

    /// The same for a command that needs no URL.
    pub(crate) async fn reconcile(&self, api: &Api, args: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .args(args)
            .args(["--emulator-port", &self.port.to_string()])
            .env("PROVIDER_HOSTS_URL", &api.url)
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // One that fails before it reads has closed it.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output: Output = child.wait_with_output().await.expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = text(&output.stdout) + &text(&output.stderr);
        for secret in self.every_secret().await {
            assert!(!text.contains(&secret), "a secret is shown: {text}");
        }
        assert!(!text.contains(TOKEN), "the token is shown: {text}");
        Said {
            code: output.status.code(),
            text,
        }
    }

    async fn every_secret(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for (provider, source) in self.stack.sources().await.expect("SSM answers") {
            secrets.extend(self.secrets(&provider, &source).await);
        }
        secrets
    }

    /// The secrets of a source.
    pub(crate) async fn secrets(&self, provider: &str, source: &str) -> Vec<String> {
        let secrets = self.stack.secrets(provider, source).await;
        let secrets = secrets.expect("SSM answers");
        secrets.iter().map(text).collect()
    }

    /// Lets the receiver have an event of a file under `events/` that nobody had before, signed with a secret;
    /// gives the status of the answer.
    pub(crate) async fn deliver(&self, provider: &str, file: &str, secret: &str) -> u16 {
        let known = catalog::by_name(provider).expect("the provider is listed");
        let event = file
            .strip_prefix(provider)
            .expect("its own")
            .trim_start_matches('-');
        let project = Project::here().expect("the repository");
        let event = event.trim_end_matches(".json");
        let mut fixture = Fixture::read(&project, provider, event).expect("a fixture");
        fixture.address(&format!("{}/webhooks/{provider}", self.receiver));
        let secret = Secret::new(secret).expect("a secret");
        let signed = fixture.renew(known, &secret, Timestamp::now());
        signed.expect("it signs");
        let answers = post_copies(&fixture.delivery, 1, FIRST_ANSWER)
            .await
            .expect("it answers");
        answers[0].status
    }

    /// The statuses with which the receiver has answered since the last question.
    pub(crate) fn answered(&self) -> Vec<u16> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut answered)
    }
}

impl Api {
    /// All that it knows.
    pub(crate) async fn state(&self) -> Value {
        let answer = reqwest::get(format!("{}/_state", self.url)).await;
        let text = answer.expect("it answers").text().await.expect("a text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Sets something that it knows.
    pub(crate) async fn set(&self, state: Value) {
        let request = reqwest::Client::new().patch(format!("{}/_state", self.url));
        let sent = request.body(state.to_string()).send().await;
        sent.expect("it answers");
    }

    /// Method and path of the calls until now, which it forgets.
    pub(crate) async fn calls(&self) -> Vec<String> {
        let calls = self.state().await["calls"].take();
        self.set(json!({"calls": []})).await;
        serde_json::from_value(calls).expect("texts")
    }
}

impl Said {
    /// Asserts what a command has said.
    pub(crate) fn is(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "{}", self.text);
        assert!(self.text.contains(text), "{}", self.text);
    }
}

/// Starts an emulator at a port that no other test has taken meanwhile.
async fn emulator(project: &Project) -> (u16, Emulator) {
    for _ in 0..9 {
        let port = any_port().expect("a port");
        if let Ok(emulator) = Emulator::start(project, port).await {
            return (port, emulator);
        }
    }
    panic!("the emulator does not start");
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.bytes()).into_owned()
}

/// The folder of what Node runs.
fn oracle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

fn node() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/sam/bin/node"))
}

/// Runs the official SDK against an API.
pub(crate) async fn sdk(provider: &str, api: &Api) {
    let script = oracle().join("api/sdks.mjs");
    let ran = node().arg(script).args([provider, &api.url]).status().await;
    assert!(
        ran.expect("node starts").success(),
        "the SDK does not agree"
    );
}

/// A private key in the form in which GitHub gives it.
pub(crate) async fn private_key() -> String {
    let script = "console.log(require('crypto').generateKeyPairSync('rsa', {modulusLength: 2048})\
                  .privateKey.export({type: 'pkcs1', format: 'pem'}))";
    let made = node().args(["-e", script]).output().await;
    let made = made.expect("node starts");
    String::from_utf8(made.stdout).expect("a text")
}
