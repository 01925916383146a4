//! How often a batch calls DynamoDB, and what becomes of it when a call for all is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lab::proxy::{Call, Fault, Proxy};
use serde_json::Value;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Status};
use webhooks::process::Processor;
use webhooks_cli::emulator;

use crate::support::sample::{claim, end, retry};
use crate::workshop::{Bench, Workshop};

/// Calls of each operation.
type Calls = Arc<Mutex<BTreeMap<String, u32>>>;

/// A workshop whose calls to DynamoDB are counted, and those of one operation refused.
async fn counted(refused: Option<&'static str>) -> (Workshop, Calls, Proxy) {
    let mut workshop = Workshop::open().await;
    let calls = Calls::default();
    let counts = Arc::clone(&calls);
    let count = move |call: &Call| {
        let mut counts = counts.lock().expect("no panic");
        *counts.entry(call.operation.clone()).or_default() += 1;
        let refused = refused.filter(|refused| *refused == call.operation);
        refused.map(|_| Fault::Refused("AccessDeniedException"))
    };
    let proxy = Proxy::start(workshop.world.endpoint(), 1, Arc::new(count)).await;
    let proxy = proxy.expect("it listens");
    let client = aws_sdk_dynamodb::Client::new(&emulator::config(&proxy.url()));
    let ledger = Ledger::new(client, workshop.world.table());
    let counted = Arc::<Processor<Bench>>::get_mut(&mut workshop.processor);
    counted.expect("nobody else has it").ledger = ledger;
    (workshop, calls, proxy)
}

/// Ten events of that type as their receivers leave them.
async fn ten(workshop: &Workshop, kind: &str) -> (Vec<EventKey>, Vec<Value>) {
    let mut events = Vec::new();
    for _ in 0..10 {
        events.push(workshop.received(kind).await);
    }
    events.into_iter().unzip()
}

fn taken(calls: &Calls) -> Vec<(String, u32)> {
    let calls = std::mem::take(&mut *calls.lock().expect("no panic"));
    calls.into_iter().collect()
}

#[tokio::test]
async fn events_are_claimed_one_by_one_where_they_cannot_be_claimed_together() {
    let (workshop, calls, _proxy) = counted(Some("BatchExecuteStatement")).await;
    let (keys, records) = ten(&workshop, "effect").await;
    assert_eq!(workshop.process(&records).await, Vec::<String>::new());
    for key in &keys {
        assert_eq!(workshop.state(key).await.status, Status::Done);
        assert_eq!(workshop.effects(key).await, 1);
    }
    let calls = calls.lock().expect("no panic").clone();
    assert_eq!(calls["UpdateItem"], 10);
}

#[tokio::test]
async fn ten_new_events_are_claimed_in_one_call_and_settled_in_ten() {
    let (workshop, calls, _proxy) = counted(None).await;
    let (keys, records) = ten(&workshop, "done").await;
    assert_eq!(workshop.process(&records).await, Vec::<String>::new());
    let named = |(operation, calls): (&str, u32)| (operation.to_owned(), calls);
    let expected = [("BatchExecuteStatement", 1), ("UpdateItem", 10)].map(named);
    // The first batch asks once what is paused.
    let mut first = expected.to_vec();
    first.insert(1, named(("GetItem", 1)));
    assert_eq!(taken(&calls), first);
    for key in &keys {
        let done = workshop.state(key).await;
        assert_eq!((done.status, done.attempts), (Status::Done, 1));
    }
    // The same messages once more: nobody has to be told twice.
    assert_eq!(workshop.process(&records).await, Vec::<String>::new());
    assert_eq!(taken(&calls), expected);
    for key in &keys {
        assert_eq!(workshop.runs(key), 1);
    }
}

#[tokio::test]
async fn one_event_is_claimed_by_itself() {
    let (workshop, calls, _proxy) = counted(None).await;
    let (_, record) = workshop.received("done").await;
    workshop.finish(&record).await;
    let expected = [("GetItem".to_owned(), 1), ("UpdateItem".to_owned(), 2)];
    assert_eq!(taken(&calls), expected);
}

#[tokio::test]
async fn an_event_that_was_taken_before_goes_its_own_way_beside_nine_new_ones() {
    let (workshop, _calls, _proxy) = counted(None).await;
    let (keys, records) = ten(&workshop, "effect").await;
    let now = webhooks::timestamp::Timestamp::now();
    claim(&workshop.ledger, &keys[0], now).await;
    end(&workshop.ledger, &keys[1], retry(60), now).await;
    end(&workshop.ledger, &keys[2], retry(0), now).await;
    assert_eq!(workshop.process(&records).await, Vec::<String>::new());
    let expected = [Status::Processing, Status::Waiting]
        .into_iter()
        .chain(std::iter::repeat_n(Status::Done, 8));
    for (key, expected) in keys.iter().zip(expected) {
        assert_eq!(workshop.state(key).await.status, expected);
    }
    assert_eq!(workshop.state(&keys[2]).await.attempts, 2);
}
