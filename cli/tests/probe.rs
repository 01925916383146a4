//! `webhooks probe` against a gateway that is played here: it verifies what comes with the secret that the stack has,
//! and records it in the stack's ledger.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use std::process::Output;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use webhooks::delivery::{Delivery, Method};
use webhooks::event::{Event, PROBE_SOURCE};
use webhooks::ledger::{Ledger, Settlement, Writes};
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::stack::Stack;

use command::{hold, printed, run, said};
use support::sample::{end, record};
use support::{World, unique};

/// How far the played stack gets with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Refused,
    Recorded,
    Done,
}

struct Gateway {
    stack: Stack,
    ledger: Ledger,
    reach: Reach,
}

async fn receive(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Bytes) -> Response {
    if gateway.reach == Reach::Refused {
        return (StatusCode::UNAUTHORIZED, [("webhook-outcome", "refused")]).into_response();
    }
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        let value = value.to_str().expect("text").to_owned();
        (name.as_str().to_owned(), value)
    };
    let delivery = Delivery {
        method: Method::Post,
        headers: headers.iter().map(text).collect(),
        query: String::new(),
        urls: Vec::new(),
        body: body.to_vec(),
    };
    let provider = catalog::by_name("github").expect("a provider");
    let secrets = gateway.stack.secrets("github", PROBE_SOURCE).await;
    let secrets = secrets.expect("SSM answers");
    let now = Timestamp::now();
    let keys = webhooks::scheme::development::keys(provider, &secrets);
    let verified = verify(provider, &delivery, keys, now).expect("it is signed well");
    let Ok(Meaning::Event(identity)) = provider.identify(&verified) else {
        panic!("it is an event");
    };
    let event = Event::new(provider, PROBE_SOURCE, identity, &verified, now, None);
    record(&gateway.ledger, &event).await;
    if gateway.reach == Reach::Done {
        let key = event.key().clone();
        end(
            &gateway.ledger,
            &key,
            Settlement::Done(Writes::default()),
            now,
        )
        .await;
    }
    (StatusCode::ACCEPTED, [("webhook-outcome", "accepted")]).into_response()
}

async fn probe(world: &World, reach: Reach, within: &str) -> Output {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("its address"));
    let gateway = Arc::new(Gateway {
        stack: world.stack.clone(),
        ledger: world.ledger(),
        reach,
    });
    let path = format!("/webhooks/github/{PROBE_SOURCE}");
    let router = Router::new().route(&path, axum::routing::post(receive));
    let router = router.with_state(gateway);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let words = [
        "probe", "github", "--base", &base, "--within", within, "--json",
    ];
    run(world, &words).await
}

fn read(output: &Output) -> Value {
    let value = serde_json::from_slice(&output.stdout);
    let value = value.unwrap_or_else(|error| panic!("{error}: {}", said(output)));
    hold("probe.json", &value);
    value
}

#[tokio::test]
async fn a_probe_that_is_processed_says_how_long_it_took() {
    let world = World::enter().await;
    let output = probe(&world, Reach::Done, "20s").await;
    let trip = read(&output);
    assert_eq!(output.status.code(), Some(0), "{trip:#}");
    assert_eq!(
        (&trip["answer"], &trip["arrived"]),
        (&202.into(), &true.into())
    );
    assert!(trip["processed_ms"].as_u64().is_some());
    // A second one goes by the same secret, of which nothing is shown.
    let secrets = world.stack.secrets("github", PROBE_SOURCE).await;
    let secrets = secrets.expect("SSM answers");
    assert_eq!(secrets.len(), 1);
    let secret = String::from_utf8_lossy(secrets[0].bytes()).into_owned();
    assert!(!printed(&output).contains(&secret));
    let again = probe(&world, Reach::Done, "20s").await;
    assert_ne!(read(&again)["event"], trip["event"]);
    let same = world.stack.secrets("github", PROBE_SOURCE).await;
    assert_eq!(same.expect("SSM answers"), secrets);
}

#[tokio::test]
async fn a_probe_that_is_refused_or_not_processed_in_time_ends_with_1() {
    let world = World::enter().await;
    for (reach, status, answer) in [
        (Reach::Recorded, Value::from("received"), 202),
        (Reach::Refused, Value::Null, 401),
    ] {
        let output = probe(&world, reach, "5s").await;
        let trip = read(&output);
        assert_eq!(output.status.code(), Some(1), "{trip:#}");
        assert_eq!(trip["status"], status);
        assert_eq!(trip["answer"], answer);
        assert_eq!(trip["processed_ms"], Value::Null);
    }
}

/// Two first probes at one time go by one secret.
#[tokio::test]
async fn a_secret_that_is_there_is_not_replaced() {
    let world = World::enter().await;
    let source = unique("source");
    let register = async |secret| {
        let registered = world.stack.register("github", &source, secret).await;
        registered.expect("SSM answers")
    };
    assert!(register("one").await);
    assert!(!register("other").await);
    let known = world
        .stack
        .secrets("github", &source)
        .await
        .expect("SSM answers");
    assert_eq!(
        known.iter().map(Secret::bytes).collect::<Vec<_>>(),
        [b"one"]
    );
}

#[tokio::test]
async fn an_unknown_provider_is_a_mistake_in_the_call() {
    let world = World::enter().await;
    let output = run(&world, &["probe", "githup"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
