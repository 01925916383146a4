//! Deliveries that bring several events: each is recorded once, whatever batches it comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let writes = ["PutItem", "SendMessage"].contains(&&*call.operation);
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

/// More events than are kept at a time.
#[tokio::test]
async fn a_long_batch_is_kept_whole() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let ids: Vec<String> = (0..60).map(|_| ids()[0].clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let receipt = send(&receiver, &ids).await;
    assert_eq!(receipt.answer.status(), 202);
    assert_eq!(lines(&receipt).len(), ids.len());
    let again = send(&receiver, &ids).await;
    assert!(
        lines(&again)
            .iter()
            .all(|(_, outcome)| outcome == "duplicate")
    );
}
