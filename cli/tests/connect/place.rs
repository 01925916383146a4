//! A stack in the emulator, a provider's API, and a receiver of what that delivers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use webhooks::delivery::{Delivery, Method};
use webhooks::event::Event;
use webhooks::ledger::token;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::emulator::{Emulator, any_port, config};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

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
    answered: Arc<Mutex<Vec<u16>>>,
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
        let answered = Arc::<Mutex<Vec<u16>>>::default();
        Self {
            receiver: receiver(stack.clone(), answered.clone()).await,
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
        let mut child = Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .args(args)
            .args(["--emulator-port", &self.port.to_string(), "--url", BASE])
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

/// Records an event of a file under `events/`, as a receiver does that has just got it.
pub(crate) async fn recorded(place: &Place, provider: &str, file: &str) {
    let known = catalog::by_name(provider).expect("the provider is listed");
    let event = file
        .trim_start_matches(provider)
        .trim_matches('-')
        .trim_end_matches(".json");
    let project = Project::here().expect("the repository");
    let mut fixture = Fixture::read(&project, provider, event).expect("a fixture");
    let secrets = place.stack.secrets(provider, "default").await;
    let secrets = secrets.expect("SSM answers");
    let now = Timestamp::now();
    fixture.renew(known, &secrets[0], now).expect("it signs");
    let verified = verify(known, &fixture.delivery, secrets.as_slice(), now);
    let verified = verified.unwrap_or_else(|_| panic!("the signature holds"));
    let Ok(Meaning::Event(identity)) = known.identify(&verified) else {
        panic!("{file} is no event");
    };
    let event = Event::new(known, "default", identity, &verified, now, None);
    let ledger = place.stack.ledger().expect("a ledger");
    let later = now.after(Duration::from_secs(86_400));
    let recorded = ledger.record(&event, &token(), later, usize::MAX).await;
    recorded.expect("DynamoDB answers");
}

/// Starts a receiver that believes what the secrets of the stack sign, at the moment when it comes.
async fn receiver(stack: Stack, answered: Arc<Mutex<Vec<u16>>>) -> String {
    let receive = move |request: Request| {
        let (stack, answered) = (stack.clone(), answered.clone());
        async move {
            let status = judge(&stack, request).await;
            let mut answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.push(status.as_u16());
            status
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().fallback(receive);
    tokio::spawn(async { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn judge(stack: &Stack, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_start_matches("/webhooks/");
    let (provider, source) = path.split_once('/').unwrap_or((path, "default"));
    let Some(known) = catalog::by_name(provider) else {
        return StatusCode::NOT_FOUND;
    };
    let headers: BTreeMap<_, _> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let delivery = Delivery {
        method: Method::Post,
        urls: vec![format!("{BASE}{}", parts.uri.path())],
        query: String::new(),
        headers: headers.into_iter().collect(),
        body: to_bytes(body, usize::MAX).await.expect("a body").to_vec(),
    };
    let secrets = stack.secrets(provider, source).await.expect("SSM answers");
    match verify(known, &delivery, secrets.as_slice(), Timestamp::now()) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}
