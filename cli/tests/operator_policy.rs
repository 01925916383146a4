//! The policy for those who operate a stack, in the documentation: every call that their commands make is granted, and
//! every grant is used.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;
use webhooks::envelope::envelope;
use webhooks::record::record as record_whole;
use webhooks::timestamp::Timestamp;
use webhooks_cli::github_api::{Attempt, GitHubApi};

use command::{said, webhooks};
use support::sample::{FAR, START, at, end, event, event_of, failed, fresh_key, noise};
use support::{World, project};

/// What the commands here do not do: registering a source, and listing the functions for `urls`.
const OTHERS: [&str; 2] = ["cloudformation:ListStackResources", "ssm:PutParameter"];

/// The headings of the policies.
const OPERATES: &str = "## Who operates it";
const CONNECTS: &str = "### Who connects, rotates and reconciles";

/// The token of a bot whose API refuses to set a webhook.
const REFUSED: &str = "9:refused";

/// The emulator behind connections on which what is asked is written down.
struct Recorded {
    endpoint: String,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Recorded {
    async fn before(endpoint: &str) -> Self {
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("its port").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), Arc::clone(&kept)));
            }
        });
        let endpoint = format!("http://127.0.0.1:{port}");
        Self { endpoint, asked }
    }

    /// The actions by the names that policies have.
    fn actions(&self, bucket: &str) -> BTreeSet<String> {
        let asked = self.asked.lock().expect("not poisoned");
        let text = String::from_utf8_lossy(&asked).into_owned();
        let lines = text.lines().flat_map(|line| line.split('&'));
        let get = format!("GET /{bucket}/");
        let put = format!("PUT /{bucket}/");
        let action = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or_default();
            if name.eq_ignore_ascii_case("x-amz-target") {
                let (service, action) = value.split_once('.')?;
                let service = match service {
                    "DynamoDB_20120810" => "dynamodb",
                    "AmazonSQS" => "sqs",
                    "AmazonSSM" => "ssm",
                    other => other,
                };
                return Some(format!("{service}:{action}"));
            }
            match line.strip_prefix("Action=") {
                Some("DescribeStacks") => Some("cloudformation:DescribeStacks".to_owned()),
                // Nobody needs to be granted that.
                Some("GetCallerIdentity") | None => line
                    .starts_with(&get)
                    .then(|| "s3:GetObject".to_owned())
                    .or_else(|| line.starts_with(&put).then(|| "s3:PutObject".to_owned())),
                Some(other) => Some(other.to_owned()),
            }
        };
        lines.filter_map(action).collect()
    }
}

async fn carry(
    mut client: TcpStream,
    upstream: String,
    asked: Arc<Mutex<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let (mut request, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => return Ok(()),
                count => {
                    note(&asked, &request[..count]);
                    server.write_all(&request[..count]).await?;
                }
            },
            read = server.read(&mut answer) => match read? {
                0 => return Ok(()),
                count => client.write_all(&answer[..count]).await?,
            }
        }
    }
}

/// Writes down what is asked. A request begins a line, whatever came before it on other connections.
fn note(asked: &Mutex<Vec<u8>>, request: &[u8]) {
    let mut asked = asked.lock().expect("not poisoned");
    asked.push(b'\n');
    asked.extend(request);
}

/// The actions that the documentation's policy below a heading grants.
fn granted(heading: &str) -> BTreeSet<String> {
    let page = std::fs::read_to_string(project().root().join("docs/operations.md"));
    let page = page.expect("the page");
    let (_, section) = page.split_once(heading).expect("the section");
    let begin = section.find("    {\n").expect("the policy");
    let policy: Vec<&str> = section[begin..]
        .lines()
        .take_while(|line| line.starts_with("    "))
        .collect();
    let policy: Value = serde_json::from_str(&policy.join("\n")).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements");
    let actions = statements
        .iter()
        .flat_map(|statement| match &statement["Action"] {
            Value::String(one) => vec![one.clone()],
            many => serde_json::from_value(many.clone()).expect("a list"),
        });
    actions.collect()
}

/// Looks at the console's pages.
async fn console(world: &World, recorded: &Recorded) {
    let mut command = webhooks(world, &["console", "--no-open"]).await;
    let command = command
        .env("AWS_ENDPOINT_URL", &recorded.endpoint)
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = lines
        .next_line()
        .await
        .expect("a line")
        .expect("its address");
    let url = line.strip_prefix("console").expect("its address").trim();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    let first = client.get(url).send().await.expect("an answer");
    let cookie = first.headers()["set-cookie"].to_str().expect("text");
    let (base, _) = url.split_once("/?").expect("a token");
    for path in [
        "/",
        "/issues",
        "/dead-letters",
        "/sources?source=github/default",
    ] {
        let page = client.get(format!("{base}{path}"));
        let page = page.header("cookie", cookie).send().await;
        assert_eq!(page.expect("an answer").status(), 200, "{path}");
    }
}

#[tokio::test]
async fn every_call_is_granted_and_every_grant_is_used() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (small, large) = (fresh_key(), fresh_key());
    support::sample::record(&ledger, &event(&small)).await;
    let bytes = noise(webhooks::limits::ITEM_PAYLOAD + 1);
    let mut away = event_of(&large, "github.push", START, &bytes);
    let kept = record_whole(&ledger, &world.bucket(), &mut away, "token", FAR).await;
    kept.expect("it is recorded");
    for key in [&small, &large] {
        end(&ledger, key, failed("no policy allows it"), at(1)).await;
    }
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("DeadLetterQueueUrl").expect("its URL");
    let letter = sqs.send_message().queue_url(url);
    let letter = letter.message_body(envelope(&event(&fresh_key())));
    letter.send().await.expect("SQS answers");
    let issue = webhooks_cli::issue_key::issue_key("github.push", "no policy allows it");
    let (small, large) = (small.to_string(), large.to_string());
    let since = "since:2026-01-01T00:00:00Z";
    let recorded = Recorded::before(&world.endpoint()).await;
    for (arguments, code) in [
        (vec!["events", since], 0),
        (vec!["events", since, "status:failed", "data.n=1"], 0),
        (vec!["events", "show", &large, "--payload", "--related"], 0),
        (vec!["events", "tail", since, "--limit", "1"], 0),
        (vec!["issues", since], 0),
        (vec!["issues", "close", &issue], 0),
        (vec!["events", "replay", &small], 0),
        (
            vec![
                "replay", &large, "--yes", "--reason", "allowed", "--wait", "1s",
            ],
            1,
        ),
        (vec!["audit"], 0),
        (vec!["dead-letters"], 0),
        (
            vec!["dead-letters", "redrive", "provider:github", "--yes"],
            0,
        ),
    ] {
        let mut command = webhooks(&world, &arguments).await;
        let command = command.env("AWS_ENDPOINT_URL", &recorded.endpoint);
        let output = command.output().await.expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&output)
        );
    }
    console(&world, &recorded).await;
    let mut granted = granted(OPERATES);
    for other in OTHERS {
        assert!(granted.remove(other), "{other}");
    }
    assert_eq!(recorded.actions(world.bucket_name()), granted);
}

/// Telegram's API beside the stand-in for GitHub's; gives scheme, host and port.
async fn provider_hosts() -> String {
    let github = GitHubApi::default();
    github.note(Attempt {
        hook: 1,
        guid: Uuid::new_v4().to_string(),
        event: "push".to_owned(),
        at: Timestamp::from_seconds(Timestamp::now().seconds() - 600),
        payload: json!({"ref": "refs/heads/main"}),
    });
    let set = Arc::new(Mutex::new(String::new()));
    let telegram = async move |uri: Uri, body: String| {
        let mut set = set.lock().expect("not poisoned");
        if uri.path().ends_with("/getWebhookInfo") {
            let info = json!({"ok": true, "result": {"url": *set}});
            return (StatusCode::OK, info.to_string());
        }
        if uri.path().contains(REFUSED) {
            return (StatusCode::BAD_REQUEST, json!({"ok": false}).to_string());
        }
        let body: Value = serde_json::from_str(&body).expect("JSON");
        *set = body["url"].as_str().expect("a URL").to_owned();
        (
            StatusCode::OK,
            json!({"ok": true, "result": true}).to_string(),
        )
    };
    let routes = github.routes().fallback(telegram);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let port = listener.local_addr().expect("its port").port();
    tokio::spawn(async { axum::serve(listener, routes).await });
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn what_connects_and_reconciles_is_granted_too() {
    let world = World::enter().await;
    let hosts = provider_hosts().await;
    let recorded = Recorded::before(&world.endpoint()).await;
    let github = GitHubApi::credential(1, "none").to_string();
    let url = ["--url", "https://hooks.example"];
    let connect = ["connect", "telegram/policy", "--credential"];
    let rotate = ["rotate", "telegram/policy", "--credential", "env:BOT"];
    let reconcile = [
        "reconcile",
        "github/policy",
        "--since",
        "1h",
        "--credential",
    ];
    for (arguments, code) in [
        // The secret that was there for nothing goes again.
        ([&connect[..], &["env:REFUSED"], &url].concat(), 1),
        ([&connect[..], &["env:BOT"], &url].concat(), 0),
        ([&rotate[..], &["--settle", "0s"], &url].concat(), 0),
        // Nothing has arrived.
        (
            [&rotate[..], &["--finish", "--quiet", "0s"], &url].concat(),
            1,
        ),
        ([&reconcile[..], &["env:GITHUB"]].concat(), 0),
        ([&["connect", "--check"], &url[..]].concat(), 0),
    ] {
        let mut command = webhooks(&world, &arguments).await;
        let command = command
            .env("AWS_ENDPOINT_URL", &recorded.endpoint)
            .env("PROVIDER_HOSTS_URL", &hosts)
            .envs([("BOT", "9:bot"), ("REFUSED", REFUSED), ("GITHUB", &github)]);
        let output = command.output().await.expect("it runs");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
    let asked = recorded.actions(world.bucket_name());
    let (more, operates) = (granted(CONNECTS), granted(OPERATES));
    let all: BTreeSet<_> = more.union(&operates).cloned().collect();
    assert!(asked.is_subset(&all), "{:?}", &asked - &all);
    assert!(more.is_subset(&asked), "{:?}", &more - &asked);
}
