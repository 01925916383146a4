//! Deliveries that bring several events: each is recorded once, whatever batches it comes in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use lab::proxy::{Call, Fault, Judge, Proxy};
use serde_json::Value;
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::provider::twilio::TWILIO;
use webhooks::receive::{Receipt, Receiver};
use webhooks_cli::emulator;

use crate::endpoint::{Endpoint, SECRET, deliver, delivery, sign};
use crate::support::sample::START;

/// The ids of a batch, the answer to it, and what the log says of each event.
type Step<'a> = (&'a [&'a str], u16, &'a [(&'a str, &'a str)]);

fn ids() -> [String; 3] {
    [(); 3].map(|()| format!("EZ{}", Uuid::new_v4().as_simple()))
}

fn element(id: &str) -> String {
    // A number and half a character that no reader of ours may change.
    format!(
        r#"{{"specversion":"1.0","type":"com.twilio.a.b","id":"{id}","data":{{"n":1e999,"cut":"\ud83d"}}}}"#
    )
}

async fn send(receiver: &Receiver, ids: &[&str]) -> Receipt {
    let mut fixture = delivery(TWILIO, "json");
    let elements: Vec<String> = ids.iter().map(|id| element(id)).collect();
    fixture.delivery.body = format!("[ {} ]", elements.join(" ,\n")).into_bytes();
    sign(&mut fixture, TWILIO, SECRET, START);
    deliver(receiver, fixture.gateway_event(), START).await
}

/// What the log says of each event: its id and what became of it.
fn lines(receipt: &Receipt) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let reports = receipt.reports("twilio", Some("the request"), 1);
    reports
        .into_iter()
        .map(|report| {
            let line = report.line("stack", Some("twilio"), START);
            let line: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(line["request.id"], "the request");
            assert_eq!(line["source"], "default");
            (text(&line, "event.id"), text(&line, "outcome"))
        })
        .collect()
}

fn said(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, outcome): &(&str, &str)| ((*id).to_owned(), (*outcome).to_owned());
    lines.iter().map(owned).collect()
}

/// What is no event is refused by itself: the others are durable, and their sender hears that.
#[tokio::test]
async fn an_element_that_is_no_event_takes_no_other_along() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let [a, b, _] = &ids();
    let mut fixture = delivery(TWILIO, "json");
    fixture.delivery.body = format!("[{}, null, {}]", element(a), element(b)).into_bytes();
    sign(&mut fixture, TWILIO, SECRET, START);
    for (status, outcome) in [(202, "accepted"), (200, "duplicate")] {
        let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
        assert_eq!(receipt.answer.status(), status);
        let expected = [
            (a.as_str(), outcome),
            ("", "malformed"),
            (b.as_str(), outcome),
        ];
        assert_eq!(lines(&receipt), said(&expected));
    }
}

#[tokio::test]
async fn overlapping_batches_make_each_event_once() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let [a, b, c] = &ids();
    let steps: [Step<'_>; 5] = [
        (&[a, b], 202, &[(a, "accepted"), (b, "accepted")]),
        (&[b, c], 202, &[(b, "duplicate"), (c, "accepted")]),
        (&[a], 200, &[(a, "duplicate")]),
        (
            &[c, b, a],
            200,
            &[(c, "duplicate"), (b, "duplicate"), (a, "duplicate")],
        ),
        (&[a, a], 200, &[(a, "duplicate"), (a, "duplicate")]),
    ];
    for (batch, status, expected) in steps {
        let receipt = send(&receiver, batch).await;
        assert_eq!(receipt.answer.status(), status, "{batch:?}");
        assert_eq!(lines(&receipt), said(expected), "{batch:?}");
    }
    let mut sent: Vec<Value> = Vec::new();
    for body in endpoint.queue.bodies().await {
        // The text has what a `Value` cannot hold.
        assert!(body.contains(r#""n":1e999,"cut":"\ud83d""#), "{body}");
        let body = body.replace("1e999", "1").replace(r"\ud83d", "");
        sent.push(serde_json::from_str(&body).expect("JSON"));
    }
    let mut found: Vec<&str> = sent
        .iter()
        .filter_map(|message| message["id"].as_str())
        .collect();
    found.sort_unstable();
    let mut all = [a.as_str(), b, c];
    all.sort_unstable();
    assert_eq!(found, all);
    for message in &sent {
        assert_eq!(message["type"], "twilio.a.b");
        assert_eq!(message["data"]["id"], message["id"]);
    }
    let key = EventKey {
        provider: "twilio".to_owned(),
        source: "default".to_owned(),
        id: a.clone(),
    };
    let item = endpoint
        .world
        .ledger()
        .find(&key)
        .await
        .expect("the ledger answers");
    let item = item.expect("an item");
    assert_eq!(item.receipt.event.payload().bytes, element(a).as_bytes());
}

/// The delivery is acknowledged when every event is durable, and not before.
#[tokio::test]
async fn a_batch_of_which_one_event_is_not_durable_is_sent_again() {
    let endpoint = Endpoint::open().await;
    let [a, b, c] = &ids();
    let (broken, unlucky) = (Arc::new(AtomicBool::new(true)), b.clone());
    let breaks = Arc::clone(&broken);
    let judge: Judge = Arc::new(move |call: &Call| {
        let body = String::from_utf8_lossy(&call.body);
        let writes = [
            "BatchExecuteStatement",
            "PutItem",
            "SendMessage",
            "SendMessageBatch",
        ];
        let writes = writes.contains(&&*call.operation);
        let hit = writes && breaks.load(Ordering::SeqCst) && body.contains(&unlucky);
        hit.then_some(Fault::Refused("AccessDeniedException"))
    });
    let proxy = Proxy::start(endpoint.world.endpoint(), 1, judge).await;
    let proxy = proxy.expect("a proxy");
    let config = emulator::config(&proxy.url());
    let receiver = endpoint.receiver_at(TWILIO, &config, &config, endpoint.world.config());

    let receipt = send(&receiver, &[a, b, c]).await;
    assert_eq!(receipt.answer.status(), 503);
    let expected = said(&[(a, "accepted"), (b, "unavailable"), (c, "accepted")]);
    assert_eq!(lines(&receipt), expected);

    broken.store(false, Ordering::SeqCst);
    let receipt = send(&receiver, &[a, b, c]).await;
    assert_eq!(receipt.answer.status(), 202);
    let expected = said(&[(a, "duplicate"), (b, "accepted"), (c, "duplicate")]);
    assert_eq!(lines(&receipt), expected);
    assert_eq!(endpoint.queue.bodies().await.len(), 3);
}

/// The function behind a proxy that counts the calls by their names, and `judge` with it.
async fn counted(endpoint: &Endpoint, judge: Judge) -> (Receiver, Arc<Mutex<Counts>>, Proxy) {
    let counts = Arc::new(Mutex::new(Counts::new()));
    let calls = Arc::clone(&counts);
    let counting: Judge = Arc::new(move |call: &Call| {
        let name = call.operation.to_string();
        *calls.lock().expect("no panic").entry(name).or_default() += 1;
        judge(call)
    });
    let proxy = Proxy::start(endpoint.world.endpoint(), 1, counting).await;
    let proxy = proxy.expect("a proxy");
    let config = emulator::config(&proxy.url());
    let receiver = endpoint.receiver_at(TWILIO, &config, &config, endpoint.world.config());
    (receiver, counts, proxy)
}

type Counts = BTreeMap<String, usize>;

fn outcomes(receipt: &Receipt) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for (_, outcome) in lines(receipt) {
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

#[tokio::test]
async fn a_thousand_events_are_kept_in_as_few_calls_as_the_services_take() {
    const EVENTS: usize = 1000;
    let endpoint = Endpoint::open().await;
    let (receiver, counts, _proxy) = counted(&endpoint, Arc::new(|_| None)).await;
    let ids: Vec<String> = (0..EVENTS).map(|_| ids()[0].clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let began = Instant::now();
    let receipt = send(&receiver, &ids).await;
    println!("{EVENTS} events were kept in {:?}", began.elapsed());
    assert_eq!(receipt.answer.status(), 202);
    let accepted = BTreeMap::from([("accepted".to_owned(), EVENTS)]);
    assert_eq!(outcomes(&receipt), accepted);
    let calls = std::mem::take(&mut *counts.lock().expect("no panic"));
    let expected = [("BatchExecuteStatement", 40), ("SendMessageBatch", 100)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(calls, BTreeMap::from(expected));
    let again = send(&receiver, &ids[..60]).await;
    assert_eq!(again.answer.status(), 200);
    let duplicates = BTreeMap::from([("duplicate".to_owned(), 60)]);
    assert_eq!(outcomes(&again), duplicates);
    assert_eq!(endpoint.queue.bodies().await.len(), EVENTS);
}

/// Each of these calls does what it is asked, or not, and nobody hears it.
#[tokio::test]
async fn a_batch_whose_calls_break_is_kept_all_the_same_and_once() {
    let endpoint = Endpoint::open().await;
    for fault in [
        Fault::LostAnswer,
        Fault::Reset,
        Fault::Error,
        Fault::Throttling,
    ] {
        let judge: Judge = Arc::new(move |call: &Call| {
            (call.operation == "BatchExecuteStatement").then_some(fault)
        });
        let (receiver, _, _proxy) = counted(&endpoint, judge).await;
        let ids: Vec<String> = (0..12).map(|_| ids()[0].clone()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let receipt = send(&receiver, &ids).await;
        assert_eq!(receipt.answer.status(), 202, "{fault:?}");
        let accepted = BTreeMap::from([("accepted".to_owned(), ids.len())]);
        assert_eq!(outcomes(&receipt), accepted, "{fault:?}");
        assert_eq!(endpoint.queue.bodies().await.len(), ids.len(), "{fault:?}");
    }
}
