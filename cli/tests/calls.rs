//! How often a receiver calls AWS before it answers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use webhooks::provider;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::{Functions, Plan, Run};
use webhooks_cli::project::Project;
use webhooks_cli::send::{local_url, post_copies};
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::Template;

/// The emulator, and every operation that was asked of it through here.
#[derive(Clone)]
struct Recorder {
    upstream: String,
    client: reqwest::Client,
    operations: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    async fn listen(upstream: String) -> (Self, String) {
        let recorder = Self {
            upstream,
            client: reqwest::Client::new(),
            operations: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().fallback(pass_on).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (recorder, format!("http://{address}"))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.operations.lock().expect("no test panics with it"))
    }
}

async fn pass_on(State(recorder): State<Recorder>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let operation = target
        .unwrap_or("no target")
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    recorder
        .operations
        .lock()
        .expect("no test panics with it")
        .push(operation);
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let url = format!("{}{}", recorder.upstream, parts.uri);
    let request = recorder
        .client
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body);
    let answer = request.send().await.expect("the emulator answers");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = Body::from(answer.bytes().await.expect("a body"));
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_makes_two_calls_before_it_answers_and_its_secrets_are_there_already() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(&project, any_port().expect("a port"))
        .await
        .expect("it starts");
    let config = emulator::config(&emulator.endpoint());
    let (_, environment) = Stack::create(config, &template)
        .await
        .expect("the data resources");
    let (recorder, endpoint) = Recorder::listen(emulator.endpoint()).await;
    let plan = Plan {
        functions: &template.functions(),
        environment: &environment,
        endpoint: &endpoint,
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
        let provider = provider::by_name(name).expect("a provider");
        let secret = Secret::new(development_secret(name)).expect("not blank");
        let mut fixture = Fixture::read(&project, name, event).expect("an event");
        fixture.address(&local_url(&functions.url(), name, "default"));
        // The first delivery starts the function, which reads its secrets and opens its connections.
        for delivery in ["first", "second"] {
            fixture
                .renew(provider, &secret, Timestamp::now())
                .expect("signed");
            recorder.take();
            let answered = post_copies(&fixture.delivery, 1).await.expect("an answer");
            assert_eq!(answered[0].outcome, "accepted", "{name}: the {delivery}");
        }
        assert_eq!(recorder.take(), ["PutItem", "SendMessage"], "{name}");
    }
}
