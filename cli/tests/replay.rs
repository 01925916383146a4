//! What `webhooks events replay` does to an event, against the emulator.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Settlement, Status, What, Writes};
use webhooks::limits;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::record::record;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::replay::{Replayed, replay};
use webhooks_cli::stack::development_secret;

use command::{hold, is_plain, json, printed, run, said, webhooks};
use support::sample::{
    FAR, START, at, end, event, event_of, failed, fresh_key, item, key_in, noise,
};
use support::{World, unique};

/// The events of those keys whose messages are in the stack's queue.
async fn sent(world: &World, keys: &[&EventKey]) -> Vec<EventKey> {
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("QueueUrl").expect("a queue");
    let mut sent = Vec::new();
    loop {
        let receive = sqs.receive_message().queue_url(url);
        let received = receive.max_number_of_messages(10).send().await;
        let messages = received.expect("SQS answers").messages.unwrap_or_default();
        if messages.is_empty() {
            return sent;
        }
        let bodies = messages.into_iter().filter_map(|message| message.body);
        let read = bodies.map(|body| Message::read(&body).expect("an envelope").key);
        sent.extend(read.filter(|key| keys.contains(&key)));
    }
}

#[tokio::test]
async fn a_failed_event_starts_again_and_no_other() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (unfit, done, unknown) = (fresh_key(), fresh_key(), fresh_key());
    for key in [&unfit, &done] {
        support::sample::record(&ledger, &event(key)).await;
    }
    end(&ledger, &unfit, failed("no"), at(1)).await;
    end(&ledger, &done, Settlement::Done(Writes::none()), at(1)).await;

    let stack = &world.stack;
    let expected = [
        (&unfit, Replayed::Started),
        (&unfit, Replayed::Left(Status::Waiting)),
        (&done, Replayed::Left(Status::Done)),
        (&unknown, Replayed::Unknown),
    ];
    for (key, replayed) in expected {
        assert_eq!(replay(stack, key).await.expect("AWS answers"), replayed);
    }
    let again = item(&ledger, &unfit).await;
    assert_eq!(
        (
            again.state.status,
            again.state.redeliveries,
            again.state.attempts
        ),
        (Status::Waiting, 1, 0)
    );

    // And one whose payload is in the bucket: sent by reference, not without its payload.
    let large = fresh_key();
    let bytes = noise(limits::ITEM_PAYLOAD + 1);
    let mut event = event_of(&large, "github.push", START, &bytes);
    let bucket = world.bucket();
    let recorded = record(&ledger, &bucket, &mut event, "token", FAR).await;
    recorded.expect("it is recorded");
    end(&ledger, &large, failed("no"), at(1)).await;
    let replayed = replay(stack, &large).await;
    assert_eq!(replayed.expect("AWS answers"), Replayed::Started);
    let mut back = item(&ledger, &large).await.receipt.event;
    assert!(back.payload().away().is_some(), "the item refers to it");
    bucket.fetch(&mut back).await.expect("it is there");
    assert!(back.payload().bytes == bytes, "not the exact bytes");

    assert_eq!(sent(&world, &[&unfit, &done, &large]).await, [unfit, large]);
}

/// So many failed events of a source.
async fn failures(ledger: &Ledger, source: &str, count: i64, cause: &str) -> Vec<EventKey> {
    let mut keys = Vec::new();
    for second in 0..count {
        let key = key_in(source);
        let event = event_of(&key, "github.push", at(second), b"{\"n\": 1}");
        support::sample::record(ledger, &event).await;
        end(ledger, &key, failed(cause), at(second)).await;
        keys.push(key);
    }
    keys
}

/// A processor that ends what was started again, each event in its way.
fn process(
    ledger: Ledger,
    keys: Vec<EventKey>,
    settlement: fn(usize) -> Settlement,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            for (index, key) in keys.iter().enumerate() {
                let state = ledger.state(key).await.expect("DynamoDB answers");
                if state.status == Status::Waiting {
                    end(&ledger, key, settlement(index), Timestamp::now()).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

fn outcomes(report: &Value) -> BTreeMap<String, u64> {
    let counts = report["counts"].as_object().expect("counts");
    let count = |(name, count): (&String, &Value)| (name.clone(), count.as_u64().expect("one"));
    counts.iter().map(count).collect()
}

const SINCE: &str = "since:2026-01-01T00:00:00Z";

#[tokio::test]
async fn says_what_it_would_do_and_does_nothing_without_a_yes() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = failures(&ledger, &source, 2, "no \u{1b}[2J\u{202e}").await;
    let done = key_in(&source);
    support::sample::record(&ledger, &event(&done)).await;
    end(&ledger, &done, Settlement::Done(Writes::none()), at(1)).await;
    let words = [
        "replay",
        "provider:github",
        &format!("source:{source}"),
        SINCE,
    ];
    let report = json(&world, "replay.json", &words).await;
    assert_eq!(
        outcomes(&report),
        BTreeMap::from([("left".to_owned(), 1), ("would_start".to_owned(), 2)])
    );
    let told = run(&world, &[&words[..], &["--again"]].concat()).await;
    let text = printed(&told);
    assert!(is_plain(&told.stdout), "{text}");
    for expected in [
        "2 events would start again",
        "1 events are done",
        "no way back from done",
        "nothing was changed",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    for (arguments, expected) in [
        (&["--yes"][..], "say why with --reason"),
        (&["--yes", "--reason", " "], "say why, in a few words"),
        (&["--yes", "--reason", "a\u{1b}b"], "no control characters"),
        (&["state:failed"], "there is no filter state"),
        (&["github/default/x"], "do not go together"),
        (&["--to", "http://example.com:80"], "this machine alone"),
    ] {
        let wrong = run(&world, &[&words[..], arguments].concat()).await;
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&wrong).contains(expected),
            "{arguments:?}: {}",
            said(&wrong)
        );
    }
    let nothing = run(&world, &["replay", "--yes", "--reason", "all"]).await;
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
    for key in &keys {
        assert_eq!(item(&ledger, key).await.state.status, Status::Failed);
    }
}

#[tokio::test]
async fn starts_those_that_are_meant_and_keeps_who_and_why() {
    let world = World::enter().await;
    let (ledger, source, other) = (world.ledger(), unique("source"), unique("source"));
    let ours = failures(&ledger, &source, 5, "no customer 17").await;
    let different = failures(&ledger, &source, 1, "timeout").await;
    let theirs = failures(&ledger, &other, 2, "no customer 17").await;
    let words = ["provider:github", &format!("source:{source}"), SINCE];
    let issues = json(&world, "issues.json", &[&["issues"], &words[..]].concat()).await;
    let issues = issues["issues"].as_array().expect("a list");
    let issue = issues
        .iter()
        .find(|issue| issue["count"] == 5)
        .expect("one");
    let issue = format!("issue:{}", issue["key"].as_str().expect("a key"));
    let processor = process(ledger.clone(), ours.clone(), |_| {
        Settlement::Done(Writes::none())
    });
    let arguments = [
        &["replay"],
        &words[..],
        &[&issue, "--yes", "--reason", "customers are back"],
    ]
    .concat();
    let report = json(&world, "replay.json", &arguments).await;
    processor.abort();
    assert_eq!(outcomes(&report), BTreeMap::from([("done".to_owned(), 5)]));
    for key in &ours {
        let item = item(&ledger, key).await;
        assert_eq!(
            item.illegalities(webhooks::limits::CALL),
            [],
            "{:?}",
            item.state.history
        );
        let entries = item.timeline();
        let by = entries
            .iter()
            .find(|entry| entry.what == What::Replayed)
            .expect("an entry");
        let detail = by.detail.as_deref().expect("who and why");
        assert!(detail.ends_with(": customers are back"), "{detail}");
        assert!(detail.len() > ": customers are back".len(), "{detail}");
    }
    for key in different.iter().chain(&theirs) {
        assert_eq!(item(&ledger, key).await.state.redeliveries, 0);
    }
    // Once more: there is nothing left to do.
    let again = json(&world, "replay.json", &arguments).await;
    assert_eq!(outcomes(&again), BTreeMap::new());
}

#[tokio::test]
async fn what_is_named_and_cannot_start_is_told() {
    let world = World::enter().await;
    let (ledger, done, unknown) = (world.ledger(), fresh_key(), fresh_key());
    support::sample::record(&ledger, &event(&done)).await;
    end(&ledger, &done, Settlement::Done(Writes::none()), at(1)).await;
    let (done, unknown) = (done.to_string(), unknown.to_string());
    let rest = ["--yes", "--reason", "it has to"];
    let left = run(&world, &[&["replay", &done], &rest[..]].concat()).await;
    assert_eq!(left.status.code(), Some(1), "{}", said(&left));
    let expected = format!("{done}: left alone: is done\n1 left alone\n");
    assert_eq!(printed(&left), expected);
    let gone = run(&world, &[&["replay", &unknown], &rest[..]].concat()).await;
    assert_eq!(gone.status.code(), Some(1));
    assert!(
        said(&gone).contains("is not in the ledger"),
        "{}",
        said(&gone)
    );
    // A filter finds it as well, and nothing that could start.
    let source = "source:default";
    let id = format!("id:{}", done.rsplit('/').next().expect("an id"));
    let found = ["replay", "provider:github", source, &id, SINCE];
    let found = run(&world, &[&found[..], &rest[..]].concat()).await;
    assert_eq!(found.status.code(), Some(0), "{}", said(&found));
}

#[tokio::test]
async fn stops_by_itself_when_replays_fail_again() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = failures(&ledger, &source, 12, "no").await;
    let processor = process(ledger.clone(), keys.clone(), |_| failed("no again"));
    let words = [
        "replay",
        "provider:github",
        &format!("source:{source}"),
        SINCE,
        "--rate",
        "100",
    ];
    let output = run(
        &world,
        &[&words[..], &["--yes", "--reason", "try", "--json"]].concat(),
    )
    .await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    hold("replay.json", &report);
    assert_eq!(report["stopped"], true);
    assert_eq!(
        outcomes(&report),
        BTreeMap::from([
            ("failed_again".to_owned(), 3),
            ("not_reached".to_owned(), 9)
        ])
    );
    processor.abort();
    // The cause is mended: the same command goes on.
    let processor = process(ledger.clone(), keys.clone(), |_| {
        Settlement::Done(Writes::none())
    });
    let report = json(
        &world,
        "replay.json",
        &[&words[..], &["--yes", "--reason", "mended"]].concat(),
    )
    .await;
    processor.abort();
    assert_eq!(outcomes(&report), BTreeMap::from([("done".to_owned(), 12)]));
}

#[tokio::test]
async fn stops_when_nothing_that_was_started_ends() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    failures(&ledger, &source, 5, "no").await;
    let words = [
        "replay",
        "provider:github",
        &format!("source:{source}"),
        SINCE,
        "--yes",
        "--reason",
        "try",
        "--wait",
        "1s",
        "--json",
    ];
    let output = run(&world, &words).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        outcomes(&report),
        BTreeMap::from([("open".to_owned(), 3), ("not_reached".to_owned(), 2)])
    );
}

#[tokio::test]
async fn two_at_once_start_an_event_once() {
    let world = World::enter().await;
    let (ledger, source) = (world.ledger(), unique("source"));
    let keys = failures(&ledger, &source, 8, "no").await;
    let processor = process(ledger.clone(), keys.clone(), |_| {
        Settlement::Done(Writes::none())
    });
    let words = [
        "replay",
        "provider:github",
        &format!("source:{source}"),
        SINCE,
        "--yes",
        "--reason",
        "both",
        "--rate",
        "100",
        "--json",
    ];
    let (one, other) = tokio::join!(run(&world, &words), run(&world, &words));
    processor.abort();
    for output in [&one, &other] {
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        hold("replay.json", &report);
    }
    for key in &keys {
        let state = item(&ledger, key).await.state;
        assert_eq!(
            (state.status, state.redeliveries),
            (Status::Done, 1),
            "{:?}",
            state.history
        );
    }
}

/// A stand-in for the receivers of a laptop, which keeps what it is sent.
async fn laptop() -> (String, Arc<Mutex<Vec<Delivery>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = async |State(kept): State<Arc<Mutex<Vec<Delivery>>>>, request: Request| {
        let (parts, body) = request.into_parts();
        let body: Bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a body");
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
        let host = parts.headers["host"].to_str().expect("text");
        kept.lock().await.push(Delivery {
            method: Method::Post,
            headers: headers.collect::<Headers>(),
            query: String::new(),
            body: body.to_vec(),
            urls: vec![format!("http://{host}{}", parts.uri)],
        });
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("its port").port();
    let router = Router::new().fallback(keep).with_state(Arc::clone(&kept));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://127.0.0.1:{port}"), kept)
}

#[tokio::test]
async fn sends_an_event_to_the_laptop_as_its_provider_would() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (url, kept) = laptop().await;
    for (provider, id, kind, body) in [
        (
            "github",
            "77:5a6d3f0e-0000-11ee-8000-000000000001",
            "github.pull_request.opened",
            "{\"action\": \"opened\", \"secret_of\": 7}",
        ),
        (
            "github",
            "77:5a6d3f0e-0000-11ee-8000-000000000002",
            "github.push",
            "{\"ref\": \"x\"}",
        ),
        (
            "stripe",
            "evt_9Zy8",
            "stripe.charge.failed",
            "{\"id\": \"evt_9Zy8\", \"object\": \"event\", \"type\": \"charge.failed\", \"data\": {\"object\": {}}}",
        ),
    ] {
        let key = EventKey {
            provider: provider.to_owned(),
            source: unique("source"),
            id: id.to_owned(),
        };
        support::sample::record(&ledger, &event_of(&key, kind, START, body.as_bytes())).await;
        end(&ledger, &key, Settlement::Done(Writes::none()), at(1)).await;
        let arguments = ["replay", &key.to_string(), "--to", &url];
        let preview = json(&world, "replay.json", &arguments).await;
        assert_eq!(
            outcomes(&preview),
            BTreeMap::from([("would_start".to_owned(), 1)])
        );
        assert!(kept.lock().await.is_empty());
        let report = json(
            &world,
            "replay.json",
            &[&arguments[..], &["--yes"]].concat(),
        )
        .await;
        assert_eq!(
            outcomes(&report),
            BTreeMap::from([("sent".to_owned(), 1)]),
            "{report}"
        );
        let delivery = kept.lock().await.pop().expect("a delivery");
        assert_eq!(delivery.body, body.as_bytes());
        let signer = catalog::by_name(provider).expect("a provider");
        let secret = Secret::new(development_secret(provider)).expect("not blank");
        let keys = development::keys(signer, std::slice::from_ref(&secret));
        let verified = verify(signer, &delivery, keys, Timestamp::now()).expect("it is signed");
        let Ok(Meaning::Event(identity)) = signer.identify(&verified) else {
            panic!("no event: {delivery:?}")
        };
        assert_eq!(
            (
                identity.id.as_str(),
                format!("{provider}.{}", identity.kind)
            ),
            (id, kind.to_owned())
        );
        assert_eq!(item(&ledger, &key).await.state.status, Status::Done);
    }
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it_quietly() {
    let world = World::enter().await;
    let source = unique("source");
    failures(&world.ledger(), &source, 3, "no").await;
    let words = [
        "replay",
        "provider:github",
        &format!("source:{source}"),
        SINCE,
    ];
    let mut command = webhooks(&world, &words).await;
    let piped = std::process::Stdio::piped;
    let mut child = command
        .stdout(piped())
        .stderr(piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    assert_eq!(said(&output), "");
}
