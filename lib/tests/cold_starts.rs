//! Functions that start together, and the calls that SSM takes from all of an account: 40 a second. The
//! quota is a model, and time is virtual; the calls are the SDK's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use futures::future::join_all;
use tokio::time::Instant;
use webhooks::deadline::Deadline;
use webhooks::limits;
use webhooks::provider::table::GITHUB;
use webhooks::secret_store::{Lookup, SecretStore};
use webhooks::timestamp::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// Calls that SSM takes in a second.
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
const QUOTA: f64 = 40.0;

/// A round trip.
const TRIP: Duration = Duration::from_millis(20);

const SECRETS: &str = r#"{"Parameters": [{"Name": "/path/default", "Type": "SecureString", "Value": "secret", "Version": 1}]}"#;

/// SSM as far as its quota goes: a bucket that holds what a second brings.
#[derive(Debug)]
struct Ssm {
    quota: f64,
    tokens: Mutex<(f64, Instant)>,
    calls: Mutex<(u32, u32)>,
}

impl Ssm {
    fn with(quota: f64) -> Arc<Self> {
        Arc::new(Self {
            quota,
            tokens: Mutex::new((quota, Instant::now())),
            calls: Mutex::default(),
        })
    }

    fn takes(&self) -> bool {
        let mut tokens = self.tokens.lock().expect("no panic");
        let now = Instant::now();
        let filled = tokens.0 + (now - tokens.1).as_secs_f64() * self.quota;
        let taken = filled.min(self.quota) >= 1.0;
        *tokens = (filled.min(self.quota) - f64::from(u8::from(taken)), now);
        let mut calls = self.calls.lock().expect("no panic");
        calls.0 += 1;
        calls.1 += u32::from(taken);
        taken
    }

    fn config(self: &Arc<Self>) -> SdkConfig {
        let connector = SharedHttpConnector::new(Connection(Arc::clone(self)));
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }
}

#[derive(Debug)]
struct Connection(Arc<Ssm>);

impl HttpConnector for Connection {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let ssm = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(TRIP).await;
            let (status, body) = if ssm.takes() {
                (200, SECRETS)
            } else {
                (400, r#"{"__type": "ThrottlingException"}"#)
            };
            let status = StatusCode::try_from(status).expect("a status");
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}

/// A function that is started for a request: how long the request waits, and whether for secrets.
/// The time for a provider that hangs up after 10 s.
const ANSWER: Duration = limits::answer(Duration::from_secs(10));

async fn start(config: SdkConfig) -> (Duration, bool) {
    let arrived = Instant::now();
    let now = || {
        let waited = i64::try_from(arrived.elapsed().as_millis()).expect("a short time");
        Timestamp::from_millis(NOW.millis() + waited)
    };
    let store = SecretStore::new(&config, "/path", GITHUB.profile());
    store.start(now()).await;
    let deadline = Deadline::new(Some(NOW), store.answer_within(ANSWER), now());
    store.keep_fresh(now(), deadline).await;
    let has_secrets = matches!(store.source("default"), Lookup::Known(_));
    (arrived.elapsed(), has_secrets)
}

async fn burst(functions: usize) -> (usize, Duration, (u32, u32)) {
    let ssm = Ssm::with(QUOTA);
    let started = join_all((0..functions).map(|_| start(ssm.config()))).await;
    let without = started.iter().filter(|(_, has)| !has).count();
    let longest = started.iter().map(|(waited, _)| *waited).max();
    let calls = *ssm.calls.lock().expect("no panic");
    (without, longest.unwrap_or_default(), calls)
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_cold_starts_gets_all_its_secrets_in_time() {
    println!("functions  without  longest wait  calls  taken");
    for functions in [40, 200, 400, 800] {
        let (without, longest, (calls, taken)) = burst(functions).await;
        println!("{functions:9} {without:8} {longest:13.1?} {calls:6} {taken:6}");
        assert_eq!(without, 0, "of {functions}");
        assert!(longest <= limits::FIRST_ANSWER - limits::LAST_STEPS);
    }
}

/// SSM that is away for hours must not fill the account with functions that wait.
#[tokio::test(start_paused = true)]
async fn an_instance_waits_long_only_once() {
    let ssm = Ssm::with(0.0);
    let store = SecretStore::new(&ssm.config(), "/path", GITHUB.profile());
    for limit in [limits::FIRST_ANSWER, ANSWER, ANSWER] {
        assert_eq!(store.answer_within(ANSWER), limit);
        let began = Instant::now();
        let deadline = Deadline::new(None, store.answer_within(ANSWER), NOW);
        store.keep_fresh(NOW, deadline).await;
        let waited = began.elapsed();
        assert!(waited <= limit - limits::LAST_STEPS, "{waited:?}");
        // The SDK's pauses are random, and its last attempt may come some seconds before the end.
        assert_eq!(waited > ANSWER, limit == limits::FIRST_ANSWER, "{waited:?}");
        assert!(matches!(store.source("default"), Lookup::Unavailable));
    }
}
