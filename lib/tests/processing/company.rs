//! What comes for the first time: side by side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use webhooks::event::EventKey;
use webhooks::ledger::Status;

use crate::workshop::Workshop;

/// The longest that nine events may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Waits until all of them are done.
async fn are_done(workshop: &Workshop, keys: &[EventKey]) {
    let deadline = Instant::now() + TIME_LIMIT;
    for key in keys {
        while workshop.state(key).await.status != Status::Done {
            assert!(Instant::now() < deadline, "{key} is not done");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// As many threads as the processor has.
#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn a_handler_that_blocks_its_thread_stops_none_of_the_nine_others() {
    let workshop = Workshop::open().await;
    let (blocked, record) = workshop.received("blocks").await;
    let (mut others, mut records): (Vec<EventKey>, Vec<Value>) = (Vec::new(), vec![record]);
    for _ in 0..9 {
        let (key, record) = workshop.received("effect").await;
        others.push(key);
        records.push(record);
    }
    let batch = serde_json::from_value(json!({"Records": records})).expect("a batch");
    let (processor, bench) = (
        Arc::clone(&workshop.processor),
        Arc::clone(&workshop.processor.state),
    );
    let (shut, is_shut) = std::sync::mpsc::channel();
    let (open, is_open) = std::sync::mpsc::channel::<()>();
    let gatekeeper = std::thread::spawn(move || {
        let _shut = bench.gate.lock();
        shut.send(()).expect("the test waits for it");
        // Opens at the latest when the test has failed.
        let _ = is_open.recv();
    });
    is_shut.recv().expect("the gate is shut");
    let invocation = tokio::spawn(async move { processor.process(batch).await });
    are_done(&workshop, &others).await;
    let deadline = Instant::now() + TIME_LIMIT;
    while workshop.runs(&blocked) == 0 {
        assert!(Instant::now() < deadline, "it has not begun");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(workshop.state(&blocked).await.status, Status::Processing);
    assert!(!invocation.is_finished());
    drop(open);
    gatekeeper.join().expect("no panic");
    let response = invocation.await.expect("no panic");
    let response = response.expect("every record has an id");
    assert_eq!(response.batch_item_failures, []);
    assert_eq!(workshop.state(&blocked).await.status, Status::Done);
}
