//! Paused sources: nothing of theirs is handled, nothing is lost, and nobody else waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use webhooks::envelope::{envelope, reference, whole_envelope};
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Pause, Status};
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::relay::Relay;
use webhooks::settings::RelaySettings;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{FAR, event_of, missed, record};
use crate::support::unique;
use crate::workshop::{Bench, MAX_ATTEMPTS, Workshop, received_times, record_of};

fn event(source: &str, kind: &str) -> Event<'static> {
    let key = EventKey {
        provider: "test".to_owned(),
        source: source.to_owned(),
        id: unique("id"),
    };
    event_of(&key, &format!("test.{kind}"), Timestamp::now(), b"{}")
}

async fn received(workshop: &Workshop, source: &str, kind: &str) -> (EventKey, Value) {
    let event = event(source, kind);
    record(&workshop.ledger, &event).await;
    let key = event.key().clone();
    let message = record_of(&key.id, &envelope(&event));
    (key, message)
}

async fn pause(workshop: &Workshop, source: &str) {
    let pause = Pause {
        what: format!("test/{source}"),
        at: Timestamp::now(),
        by: "user/jane".to_owned(),
        reason: "the warehouse is down".to_owned(),
    };
    workshop.ledger.pause(&pause).await.expect("it is paused");
}

async fn resume(workshop: &Workshop, source: &str) {
    let resumed = workshop.ledger.resume(&format!("test/{source}")).await;
    assert!(resumed.expect("it is resumed").is_some());
}

/// The processor as a new process: it knows of no pause yet.
fn restart(workshop: &mut Workshop) {
    let processor = Arc::<Processor<Bench>>::get_mut(&mut workshop.processor);
    processor.expect("nobody else has it").pauses = KnownPauses::default();
}

#[tokio::test]
async fn a_paused_source_is_not_handled_while_its_neighbours_are_and_once_when_it_is_resumed() {
    let mut workshop = Workshop::open().await;
    let (paused, other) = (unique("source"), unique("source"));
    pause(&workshop, &paused).await;
    let (key, message) = received(&workshop, &paused, "effect").await;
    let (second, second_message) = received(&workshop, &paused, "effect").await;
    let (neighbour, neighbours) = received(&workshop, &other, "effect").await;
    // Together, where two are claimed in one call, and alone.
    let batch = [message.clone(), neighbours, second_message.clone()];
    assert_eq!(workshop.process(&batch).await, Vec::<String>::new());
    workshop.finish(&message).await;
    assert_eq!(workshop.state(&neighbour).await.status, Status::Done);
    for key in [&key, &second] {
        let state = workshop.state(key).await;
        assert_eq!((state.status, state.attempts), (Status::Received, 0));
        assert_eq!(workshop.runs(key), 0);
    }
    // No copy goes round in the queue.
    assert_eq!(workshop.queue.delayed().await, 0);
    resume(&workshop, &paused).await;
    restart(&mut workshop);
    for (key, message) in [(&key, &message), (&second, &second_message)] {
        workshop.finish(message).await;
        workshop.finish(message).await;
        let state = workshop.state(key).await;
        assert_eq!((state.status, state.attempts), (Status::Done, 1));
        assert_eq!(workshop.effects(key).await, 1);
    }
}

#[tokio::test]
async fn a_processor_that_starts_during_a_pause_keeps_it_and_one_that_runs_learns_of_it() {
    let mut workshop = Workshop::open().await;
    let source = unique("source");
    let (before, first) = received(&workshop, &source, "done").await;
    workshop.finish(&first).await;
    assert_eq!(workshop.state(&before).await.status, Status::Done);
    pause(&workshop, &source).await;
    tokio::time::sleep(limits::PAUSES_AGE + Duration::from_millis(100)).await;
    let (key, message) = received(&workshop, &source, "done").await;
    workshop.finish(&message).await;
    assert_eq!(workshop.runs(&key), 0);
    restart(&mut workshop);
    workshop.finish(&message).await;
    assert_eq!(workshop.runs(&key), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_in_hand_when_the_pause_begins_ends_as_it_would_have() {
    let workshop = Workshop::open().await;
    let source = unique("source");
    let (key, message) = received(&workshop, &source, "slow").await;
    let processor = Arc::clone(&workshop.processor);
    let batch = serde_json::json!({"Records": [message]});
    let batch = serde_json::from_value(batch).expect("a batch");
    let invocation = tokio::spawn(async move { processor.process(batch).await });
    while workshop.runs(&key) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    pause(&workshop, &source).await;
    let response = invocation.await.expect("no panic").expect("an id");
    assert_eq!(response.batch_item_failures, []);
    let state = workshop.state(&key).await;
    assert_eq!((state.status, state.attempts), (Status::Done, 1));
}

#[tokio::test]
async fn a_pause_uses_up_no_attempt_of_an_event_that_was_tried_before() {
    let mut workshop = Workshop::open().await;
    let source = unique("source");
    let (key, message) = received(&workshop, &source, "retry").await;
    workshop.finish(&message).await;
    assert_eq!(workshop.state(&key).await.attempts, 1);
    workshop.make_due(&key).await;
    let before = workshop.state(&key).await;
    pause(&workshop, &source).await;
    restart(&mut workshop);
    for times in 1..=60 {
        workshop.finish(&received_times(&message, times)).await;
    }
    assert_eq!(workshop.state(&key).await, before);
    resume(&workshop, &source).await;
    restart(&mut workshop);
    workshop.finish(&message).await;
    assert_eq!(workshop.state(&key).await.attempts, 2);
    const { assert!(MAX_ATTEMPTS > 2) };
}

#[tokio::test]
async fn a_redelivery_during_a_pause_changes_nothing_but_that_it_is_counted() {
    let mut workshop = Workshop::open().await;
    let source = unique("source");
    let (failed, message) = received(&workshop, &source, "failed").await;
    workshop.finish(&message).await;
    assert_eq!(workshop.state(&failed).await.status, Status::Failed);
    pause(&workshop, &source).await;
    restart(&mut workshop);
    // As a receiver does it.
    let now = Timestamp::now();
    let reopened = workshop.ledger.reopen(&failed, "again", false, FAR, now);
    assert!(reopened.await.expect("DynamoDB answers"));
    workshop.finish(&message).await;
    let state = workshop.state(&failed).await;
    assert_eq!(state.status, Status::Waiting);
    assert_eq!(workshop.runs(&failed), 1);
    resume(&workshop, &source).await;
    restart(&mut workshop);
    workshop.finish(&message).await;
    assert_eq!(workshop.runs(&failed), 2);
}

#[tokio::test]
async fn an_event_that_only_its_message_has_is_recorded_before_the_message_goes() {
    let mut workshop = Workshop::open().await;
    let source = unique("source");
    pause(&workshop, &source).await;
    let event = event(&source, "effect");
    let message = record_of("sole", &whole_envelope(&event));
    workshop.finish(&message).await;
    assert_eq!(workshop.runs(event.key()), 0);
    let receipt = workshop.ledger.receipt(event.key()).await;
    assert!(receipt.expect("DynamoDB answers").is_some());
    resume(&workshop, &source).await;
    restart(&mut workshop);
    workshop.finish(&message).await;
    assert_eq!(workshop.effects(event.key()).await, 1);
}

#[tokio::test]
async fn a_message_whose_event_nobody_knows_is_no_better_off_for_a_pause() {
    let workshop = Workshop::open().await;
    let source = unique("source");
    pause(&workshop, &source).await;
    let event = event(&source, "done");
    let message = record_of("unknown", &reference(&event));
    assert_eq!(workshop.process(&[message]).await, ["unknown"]);
}

#[tokio::test]
async fn the_relay_sends_nothing_of_a_paused_source_and_does_not_call_it_overdue() {
    let mut workshop = Workshop::open().await;
    // A table of its own, because the relay looks through all of it.
    let table = workshop.world.own_table().await;
    let client = workshop.world.dynamodb();
    workshop.ledger = webhooks::ledger::Ledger::new(client, &table);
    let (paused, other) = (unique("source"), unique("source"));
    pause(&workshop, &paused).await;
    let (key, _) = received(&workshop, &paused, "done").await;
    missed(&workshop.ledger, &key).await;
    let relay = Relay {
        settings: RelaySettings {
            stack: "stack".to_owned(),
            table,
            queue_url: workshop.queue.url.clone(),
            retention: Duration::from_secs(30 * 86_400),
        },
        ledger: workshop.ledger.clone(),
        queue: workshop.queue.queue(),
    };
    let later = Timestamp::now().after(Duration::from_secs(3600));
    let relayed = relay.run(later).await;
    assert_eq!((relayed.sent, relayed.left, relayed.failed), (0, 1, 0));
    assert_eq!(relayed.oldest, Duration::ZERO);
    let state = workshop.state(&key).await;
    assert_eq!((state.status, state.resends), (Status::Waiting, 0));
    let (neighbour, _) = received(&workshop, &other, "done").await;
    missed(&workshop.ledger, &neighbour).await;
    assert_eq!(relay.run(later).await.sent, 1);
    resume(&workshop, &paused).await;
    let much_later = later.after(Duration::from_secs(2 * 3600));
    assert!(relay.run(much_later).await.sent >= 1);
}
