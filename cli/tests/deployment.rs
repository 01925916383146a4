//! `sam build` and `sam deploy` of the template, against the emulator, and deliveries
//! through the deployed API to their effects.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::provider::{Explained, catalog};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::keys::{Keys, REGION};
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::send::{FIRST_ANSWER, post_copies};
use webhooks_cli::stack::{NAME, Stack, development_secret};

const TIME_LIMIT: Duration = Duration::from_secs(120);

async fn sam(project: &Project, endpoint: &str, arguments: &[&str]) {
    let output = Command::new(project.tool("sam/bin/sam").expect("installed"))
        .args(arguments)
        .env("PATH", project.path())
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_ENDPOINT_URL", endpoint)
        .envs(Keys::ours().environment())
        .env("AWS_DEFAULT_REGION", REGION)
        .current_dir(project.root())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("sam starts");
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "sam {arguments:?}\n{}",
        String::from_utf8_lossy(&said)
    );
}

/// Deploys one function again without SAM, as the README says.
async fn deploy_alone(project: &Project, endpoint: &str, provider: &str) {
    let function = format!("{NAME}-{provider}");
    let status = Command::new(project.tool("sam/bin/cargo-lambda").expect("installed"))
        .args(["lambda", "deploy", "--endpoint-url", endpoint])
        .args(["--binary-name", "receiver", &function])
        .envs(Keys::ours().environment())
        .env("AWS_REGION", REGION)
        .current_dir(project.root())
        .stdin(Stdio::null())
        .status()
        .await
        .expect("cargo-lambda starts");
    assert!(status.success(), "cargo lambda deploy {function}");
}

/// The providers that are deployed: not those that the template comes with; or, where the environment has
/// `PROVIDERS=most`, as many as a stack takes.
fn providers(project: &Project) -> Vec<&'static str> {
    if std::env::var("PROVIDERS").as_deref() != Ok("most") {
        return vec!["github", "shopify", "slack"];
    }
    let is_playable = |provider: &&'static dyn Explained| {
        let secret = provider.secret_of("any");
        // The keys of development are published nowhere, and nobody knows beforehand under which id what goes
        // by its time is recorded.
        let is_published = provider.publication(&secret).is_some();
        let (id, _) = provider.naming();
        let is_known = !id.contains("time of receipt");
        !is_published && is_known && Fixture::first(project, *provider).is_ok()
    };
    let playable = catalog::all().filter(is_playable).take(MOST);
    playable.map(|provider| provider.profile().name).collect()
}

/// The providers of which a stack has no more than 500 resources: each has seven, and 51 are there once.
const MOST: usize = 64;

/// The template with the machine's own architecture, so that the functions can run here, and with another
/// list of providers: the edits that its comments ask for, in a copy.
fn template_for_here(project: &Project, providers: &[&str], folder: &TempDir) -> PathBuf {
    let text = std::fs::read_to_string(project.root().join("template.yaml")).expect("a template");
    let (arm, ours) = ("Architectures: [arm64]", std::env::consts::ARCH);
    assert_eq!(text.matches(arm).count(), 1);
    let ours = if ours == "aarch64" { "arm64" } else { ours };
    let copy = folder.path().join("template.yaml");
    let text = text.replace(arm, &format!("Architectures: [{ours}]"));
    let list = "    - [github, stripe, twilio]\n";
    assert_eq!(text.matches(list).count(), 1);
    let text = text.replace(list, &format!("    - [{}]\n", providers.join(", ")));
    std::fs::write(&copy, text).expect("a folder");
    copy
}

/// The headers that sign a request.
fn signature(service: &str, method: &str, url: &str, body: &str) -> Vec<(String, String)> {
    let identity = Keys::ours().credentials().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("all are there");
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new(method, url, std::iter::empty(), body).expect("a request");
    let (signed, _) = sign(request, &params.into())
        .expect("it is signed")
        .into_parts();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    signed.headers().map(owned).collect()
}

/// Calls one of the emulator's REST APIs.
async fn call(endpoint: &str, service: &str, method: Method, path: &str, body: Value) -> Value {
    let (url, body) = (format!("{endpoint}{path}"), body.to_string());
    let mut request = reqwest::Client::new()
        .request(method.clone(), &url)
        .header("content-type", "application/json");
    for (name, value) in signature(service, method.as_str(), &url, &body) {
        request = request.header(name, value);
    }
    let answer = request.body(body).send().await;
    let answer = answer.expect("the emulator answers");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// The emulator keeps the mapping's concurrency as the text that the parameter is, and then cannot
/// count with it.
async fn mend_mappings(endpoint: &str) {
    let path = "/2015-03-31/event-source-mappings/";
    let all = call(endpoint, "lambda", Method::GET, path, Value::Null).await;
    let mappings = all["EventSourceMappings"].as_array().expect("a list");
    // The table's stream has no such number.
    let of_queue = |mapping: &&Value| {
        let source = mapping["EventSourceArn"].as_str().expect("an ARN");
        source.starts_with("arn:aws:sqs:")
    };
    for mapping in mappings.iter().filter(of_queue) {
        let path = format!("{path}{}", mapping["UUID"].as_str().expect("an id"));
        let scaling = json!({"ScalingConfig": {"MaximumConcurrency": 2}});
        call(endpoint, "lambda", Method::PUT, &path, scaling).await;
    }
}

/// Posts a signed delivery to the API and gives the event's key.
async fn deliver(project: &Project, port: u16, host: &str, name: &str) -> EventKey {
    let provider = catalog::by_name(name).expect("a provider");
    let secret = Secret::new(development_secret(name)).expect("not blank");
    let mut fixture = Fixture::first(project, provider).expect("an event");
    // The API's own domain, as the gateway tells it, is what a sender signs.
    fixture.address(&format!("https://{host}/webhooks/{name}"));
    let id = fixture
        .renew(provider, &secret, Timestamp::now())
        .expect("signed");
    fixture
        .delivery
        .headers
        .set("host", format!("{host}:{port}"));
    for url in &mut fixture.delivery.urls {
        *url = url.replace(
            &format!("https://{host}"),
            &format!("http://127.0.0.1:{port}"),
        );
    }
    let answered = post_copies(&fixture.delivery, 1, FIRST_ANSWER)
        .await
        .expect("an answer")
        .remove(0);
    assert_eq!(answered.outcome, "accepted", "{name:?}: {answered:?}");
    EventKey {
        provider: name.to_owned(),
        source: "default".to_owned(),
        id,
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a release build: make test"]
async fn the_deployed_template_takes_each_providers_delivery_to_its_effect() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let port = any_port().expect("a port");
    let emulator = Emulator::start_whole(&project, port)
        .await
        .expect("the emulator starts");
    let endpoint = emulator.endpoint();
    let folder = tempfile::tempdir().expect("a folder");
    let providers = providers(&project);
    let template = template_for_here(&project, &providers, &folder);
    let template = template.to_str().expect("a path");
    let config = project.root().join("samconfig.toml");
    let config = config.to_str().expect("a path");
    let build = ["build", "--template-file", template, "--base-dir", "."];
    sam(
        &project,
        &endpoint,
        &[&build[..], &["--config-file", config]].concat(),
    )
    .await;
    let samples = ["deploy", "--parameter-overrides", "Samples=true"];
    sam(&project, &endpoint, &samples).await;

    let stack = Stack::find(emulator::config(&endpoint), NAME)
        .await
        .expect("it is deployed");
    let api_url = stack.output("ApiUrl").expect("an output");
    let api = api_url
        .trim_start_matches("https://")
        .split('.')
        .next()
        .expect("an id");
    mend_mappings(&endpoint).await;
    let mut probe = Probe::place(&stack).await.expect("probes");
    for provider in &providers {
        let secret = development_secret(provider);
        let put = stack.put_secret(provider, "default", &secret);
        put.await.expect("a secret");
    }
    let listed = |name: &&str| providers.contains(name);
    let listed: Vec<_> = catalog::names().into_iter().filter(listed).collect();
    let deployed = stack.providers(&catalog::names()).await;
    let resources = resources(&stack).await;
    println!("{} providers: {resources} resources", providers.len());
    assert!(resources <= 500);
    assert_eq!(deployed.expect("CloudFormation answers"), listed);

    let host = format!("{api}.execute-api.localhost");
    deploy_alone(&project, &endpoint, providers[0]).await;
    let ledger = stack.ledger().expect("a ledger");
    for name in &providers {
        let key = deliver(&project, port, &host, name).await;
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let item = ledger
                .find(&key)
                .await
                .expect("an answer")
                .expect("it is recorded");
            if item.state.status == Status::Done
                && probe.effects(&key.to_string()).await.expect("an answer") == 1
            {
                break;
            }
            assert!(Instant::now() < deadline, "{key} does not end: {item:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    let template = package(&project, Path::new(template)).await;
    let template = template.to_str().expect("a path");
    let deploy = [
        "deploy",
        "--template-file",
        template,
        "--stack-name",
        PACKAGED,
    ];
    sam(&project, &endpoint, &deploy).await;
    let packaged = Stack::find(emulator::config(&endpoint), PACKAGED).await;
    let packaged = packaged.expect("it is deployed");
    let deployed = packaged.providers(&catalog::names()).await;
    assert_eq!(deployed.expect("CloudFormation answers"), listed);
    // The samples are not deployed unless somebody asks for them.
    assert!(packaged.output("PaymentsTable").is_err() && packaged.output("BusName").is_ok());
}

/// The resources of a deployed stack.
async fn resources(stack: &Stack) -> usize {
    let cloudformation = aws_sdk_cloudformation::Client::new(&stack.config);
    let pages = cloudformation.list_stack_resources().stack_name(NAME);
    let pages = pages.into_paginator().items().send();
    let all = pages.collect::<Result<Vec<_>, _>>().await;
    all.expect("CloudFormation answers").len()
}

/// The name of the stack that is deployed from a package.
const PACKAGED: &str = "packaged";

/// Makes a package of a template beside it, as `make package` does, and gives the package's template.
async fn package(project: &Project, template: &Path) -> PathBuf {
    let folder = template.parent().expect("a folder").join("package");
    let built = Command::new(project.tool("sam/bin/cargo-lambda").expect("installed"))
        .args(["lambda", "build", "--release", "--locked"])
        .args(["--output-format", "zip", "--lambda-dir"])
        .arg(&folder)
        .args(["--bin", "receiver", "--bin", "processor"])
        .args(["--bin", "relay", "--bin", "reconciler"])
        .env("PATH", project.path())
        .current_dir(project.root())
        .status();
    assert!(built.await.expect("cargo-lambda starts").success());
    let packaged = folder.join("template.yaml");
    let written = Command::new("python3")
        .arg(project.root().join("cli/tools/package.py"))
        .arg(template)
        .arg(&packaged)
        .status();
    assert!(written.await.expect("python3 starts").success());
    let config = project.root().join("samconfig.toml");
    std::fs::copy(config, folder.join("samconfig.toml")).expect("the folder takes it");
    packaged
}
