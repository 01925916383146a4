//! What a genuine delivery becomes: accepted, ignored, a duplicate, a new start.

use futures::future::join_all;
use serde_json::{Value, json};
use webhooks::envelope::Message;
use webhooks::ledger::{Settlement, Status, Writes};
use webhooks::limits;
use webhooks::provider::table::GITHUB;
use webhooks::provider::table::STRIPE;
use webhooks::provider::twilio::TWILIO;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, http, key, sign};
use crate::support::broken::Untouched;
use crate::support::sample::{START, at, end, failed, item, retry};

#[tokio::test]
async fn an_accepted_event_is_in_the_ledger_and_in_the_queue() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "pull_request");
    let request = serde_json::from_value(fixture.gateway_event()).expect("a gateway event");
    let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let receipt = receiver.receive(request, Some(xray), START).await;

    let key = key(&fixture);
    let response = http(GITHUB, &receipt);
    assert_eq!(response["statusCode"], 202);
    assert_eq!(response["headers"]["content-type"], "application/json");
    let body: Value =
        serde_json::from_str(response["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(body, json!({"id": key.id, "outcome": "accepted"}));

    let item = item(&receiver.ledger, &key).await;
    assert_eq!(
        (item.state.status, item.receipt.event.received_at()),
        (Status::Received, START)
    );
    assert_eq!(item.receipt.event.kind(), "github.pull_request.opened");
    assert!(
        item.receipt.event.payload().bytes == fixture.delivery.body,
        "not the exact bytes"
    );
    let traceparent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    assert_eq!(item.receipt.event.traceparent(), Some(traceparent));

    let bodies = endpoint.queue.bodies().await;
    let [message] = bodies.as_slice() else {
        panic!("{bodies:?}")
    };
    assert_eq!(Message::read(message).expect("an envelope").key, key);
    let message: Value = serde_json::from_str(message).expect("JSON");
    assert_eq!(message["type"], "github.pull_request.opened");
    assert_eq!(message["traceparent"], traceparent);
    assert_eq!(
        message["data"],
        serde_json::from_slice::<Value>(&fixture.delivery.body).expect("JSON")
    );
}

#[tokio::test]
async fn every_event_in_the_folder_is_accepted_once_and_then_a_duplicate() {
    let endpoint = Endpoint::open().await;
    let both = r#"{"methods": ["POST", "GET"]}"#;
    endpoint.put_settings("twilio", "default", both).await;
    let github = endpoint.receiver(GITHUB);
    let stripe = endpoint.receiver(STRIPE);
    let twilio = endpoint.receiver(TWILIO);
    for event in ["push", "push-form", "pull_request"] {
        let fixture = delivery(GITHUB, event);
        assert_eq!(
            answer(&github, &fixture, START).await,
            (202, "accepted"),
            "{event}"
        );
        assert_eq!(
            answer(&github, &fixture, at(1)).await,
            (200, "duplicate"),
            "{event}"
        );
    }
    for event in [
        "charge.succeeded",
        "payment_intent.succeeded",
        "connect",
        "thin",
    ] {
        let fixture = delivery(STRIPE, event);
        assert_eq!(
            answer(&stripe, &fixture, START).await,
            (202, "accepted"),
            "{event}"
        );
        assert_eq!(
            answer(&stripe, &fixture, at(1)).await,
            (200, "duplicate"),
            "{event}"
        );
    }
    for event in ["message", "message-get", "status", "json"] {
        let fixture = delivery(TWILIO, event);
        assert_eq!(
            answer(&twilio, &fixture, START).await,
            (202, "accepted"),
            "{event}"
        );
        assert_eq!(
            answer(&twilio, &fixture, at(1)).await,
            (200, "duplicate"),
            "{event}"
        );
    }
    assert_eq!(endpoint.queue.bodies().await.len(), 11);
}

#[tokio::test]
async fn twilio_hears_an_empty_twiml_document_for_both() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let fixture = delivery(TWILIO, "message");
    for outcome in ["accepted", "duplicate"] {
        let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
        let response = http(TWILIO, &receipt);
        assert_eq!(response["statusCode"], 200);
        assert_eq!(response["headers"]["content-type"], "text/xml");
        assert_eq!(response["headers"]["webhook-outcome"], outcome);
        let body = response["body"].as_str().expect("a body");
        assert!(body.ends_with("<Response/>"), "{body}");
    }
}

#[tokio::test]
async fn a_ping_is_answered_and_not_recorded() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    let receiver = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
    let ping = delivery(GITHUB, "ping");
    assert_eq!(answer(&receiver, &ping, START).await, (200, "ignored"));
    nothing.assert_untouched();
}

#[tokio::test]
async fn thirty_deliveries_at_once_make_one_event_and_one_message() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    let answers = join_all((0..30).map(|_| answer(&receiver, &fixture, START))).await;
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!(
        (count((202, "accepted")), count((200, "duplicate"))),
        (1, 29)
    );
    assert_eq!(
        item(&receiver.ledger, &key(&fixture))
            .await
            .state
            .duplicates,
        29
    );
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn a_repetition_of_what_is_under_way_or_over_changes_nothing() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    for (settlement, status) in [
        (None, Status::Received),
        (Some(retry(60)), Status::Waiting),
        (Some(Settlement::Done(Writes::none())), Status::Done),
        (Some(Settlement::Ignored), Status::Ignored),
    ] {
        let fixture = delivery(GITHUB, "push");
        assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
        if let Some(settlement) = settlement {
            end(&receiver.ledger, &key(&fixture), settlement, at(1)).await;
        }
        let before = item(&receiver.ledger, &key(&fixture)).await;
        endpoint.queue.bodies().await;
        assert_eq!(answer(&receiver, &fixture, at(2)).await, (200, "duplicate"));
        let after = item(&receiver.ledger, &key(&fixture)).await;
        assert!(after.receipt == before.receipt);
        let (after, before) = (after.state, before.state);
        assert_eq!(
            (after.status, after.duplicates, after.conflicts),
            (status, 1, 0)
        );
        assert_eq!(after.history, before.history);
        assert_eq!(after.due_at, before.due_at);
        assert_eq!(endpoint.queue.bodies().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_redelivery_of_a_failed_event_starts_it_again() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    answer(&receiver, &fixture, START).await;
    end(&receiver.ledger, &key(&fixture), failed("no"), at(1)).await;
    endpoint.queue.bodies().await;
    assert_eq!(answer(&receiver, &fixture, at(2)).await, (202, "accepted"));
    let state = item(&receiver.ledger, &key(&fixture)).await.state;
    assert_eq!(
        (state.status, state.redeliveries, state.duplicates),
        (Status::Waiting, 1, 0)
    );
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
    assert_eq!(answer(&receiver, &fixture, at(3)).await, (200, "duplicate"));
}

#[tokio::test]
async fn a_large_payload_goes_to_the_queue_by_reference() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let mut fixture = delivery(GITHUB, "push");
    fixture.delivery.body = json!({"text": "a".repeat(limits::BODY - 100)})
        .to_string()
        .into_bytes();
    sign(&mut fixture, GITHUB, SECRET, START);
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    let bodies = endpoint.queue.bodies().await;
    let message: Value = serde_json::from_str(&bodies[0]).expect("JSON");
    assert_eq!(message["dataref"], format!("ledger:{}", key(&fixture)));
    assert_eq!(message["data"], Value::Null);
    let item = item(&receiver.ledger, &key(&fixture)).await;
    assert!(
        item.receipt.event.payload().bytes == fixture.delivery.body,
        "not the exact bytes"
    );
    assert_eq!(GITHUB.profile().name, item.receipt.event.key().provider);
}
