//! Deliveries that bring another body under an id that the ledger knows.

use serde_json::json;
use webhooks::envelope::Message;
use webhooks::ledger::{Settlement, Status};
use webhooks::provider::table::GITHUB;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, key, line, sign};
use crate::outages::process;
use crate::support::effect::count;
use crate::support::sample::{START, at, end, failed, item, retry};

/// The same delivery with another body, signed.
fn changed(fixture: &Fixture, now: Timestamp) -> Fixture {
    let mut other = fixture.clone();
    other.delivery.body = b"{}".to_vec();
    sign(&mut other, GITHUB, SECRET, now);
    other
}

#[tokio::test]
async fn of_an_event_that_has_not_failed_it_is_a_duplicate_that_counts_as_a_conflict() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    for settlement in [None, Some(retry(60)), Some(Settlement::Ignored)] {
        let fixture = delivery(GITHUB, "push");
        assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
        if let Some(settlement) = settlement {
            end(&receiver.ledger, &key(&fixture), settlement, at(1)).await;
        }
        let before = item(&receiver.ledger, &key(&fixture)).await;
        endpoint.queue.bodies().await;
        let other = changed(&fixture, START).gateway_event();
        let receipt = deliver(&receiver, other, at(2)).await;
        assert_eq!(
            (receipt.answer.status(), receipt.answer.outcome()),
            (200, "duplicate")
        );
        let line = line(&receipt);
        assert_eq!(
            (&line["conflict"], &line["Conflict"], &line["Duplicate"]),
            (&json!(true), &json!(1), &json!(1))
        );
        let after = item(&receiver.ledger, &key(&fixture)).await;
        assert!(after.receipt == before.receipt, "the first body stays");
        let (after, before) = (after.state, before.state);
        assert_eq!(
            (after.status, after.duplicates, after.conflicts),
            (before.status, 1, 1)
        );
        assert_eq!(after.history, before.history);
        assert_eq!(endpoint.queue.bodies().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_failed_event_starts_again_with_the_body_that_the_ledger_has() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let (fixture, now) = (delivery(GITHUB, "push"), Timestamp::now());
    let (ledger, key) = (endpoint.world.ledger(), key(&fixture));
    assert_eq!(answer(&receiver, &fixture, now).await, (202, "accepted"));
    end(&ledger, &key, failed("no"), now).await;
    endpoint.queue.bodies().await;

    let other = changed(&fixture, now).gateway_event();
    let receipt = deliver(&receiver, other, now).await;
    assert_eq!(
        (receipt.answer.status(), receipt.answer.outcome()),
        (202, "accepted")
    );
    assert_eq!(line(&receipt)["Conflict"], 1);
    let again = item(&ledger, &key).await;
    assert!(
        again.receipt.event.payload().bytes == fixture.delivery.body,
        "the first body stays"
    );
    let state = again.state;
    assert_eq!((state.status, state.attempts), (Status::Waiting, 0));
    assert_eq!(
        (state.redeliveries, state.conflicts, state.duplicates),
        (1, 1, 0)
    );

    let answered = process(&endpoint).await;
    assert_eq!(answered, json!({"batchItemFailures": []}));
    let done = item(&ledger, &key).await.state;
    assert_eq!(
        (done.status, done.attempts, done.conflicts),
        (Status::Done, 1, 1)
    );
    assert_eq!(count(&endpoint.world, &key.to_string()).await, 1);
}

#[tokio::test]
async fn the_message_of_such_a_start_carries_neither_body() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    end(&receiver.ledger, &key(&fixture), failed("no"), at(1)).await;
    endpoint.queue.bodies().await;
    let other = changed(&fixture, START);
    assert_eq!(answer(&receiver, &other, at(2)).await, (202, "accepted"));
    let bodies = endpoint.queue.bodies().await;
    let [body] = bodies.as_slice() else {
        panic!("{bodies:?}")
    };
    let message = Message::read(body).expect("an envelope");
    assert_eq!((message.key, message.whole), (key(&fixture), None));
}

#[tokio::test]
async fn of_two_bodies_at_once_one_starts_a_failed_event() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    end(&receiver.ledger, &key(&fixture), failed("no"), at(1)).await;
    let other = changed(&fixture, START);
    let answers = futures::future::join(
        answer(&receiver, &fixture, at(2)),
        answer(&receiver, &other, at(2)),
    );
    let (one, two) = answers.await;
    let mut answers = [one.1, two.1];
    answers.sort_unstable();
    assert_eq!(answers, ["accepted", "duplicate"]);
    let state = item(&receiver.ledger, &key(&fixture)).await.state;
    assert_eq!(
        (state.redeliveries, state.duplicates, state.conflicts),
        (1, 1, 1)
    );
}
