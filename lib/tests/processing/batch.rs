//! Each record of a batch for itself.

use serde_json::{Value, json};
use tokio::join;
use webhooks::envelope::{envelope, reference, whole_envelope};
use webhooks::ledger::{Settlement, Status, Writes};
use webhooks::process::NoMessageId;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{claim, end, failed, item, record, retry};
use crate::workshop::{Workshop, record_of};

#[tokio::test]
async fn a_record_without_an_id_fails_the_invocation_before_anything_is_done() {
    let workshop = Workshop::open().await;
    let (key, good) = workshop.received("effect").await;
    for id in [Value::Null, json!("")] {
        let nameless = json!({"messageId": id, "body": good["body"]});
        let batch = json!({"Records": [good, nameless]});
        let batch = serde_json::from_value(batch).expect("a batch");
        let error = workshop.processor.process(batch).await;
        assert_eq!(error.expect_err("it cannot be reported"), NoMessageId);
    }
    assert_eq!(
        item(&workshop.ledger, &key).await.state.status,
        Status::Received
    );
    assert_eq!(workshop.effects(&key).await, 0);
}

#[tokio::test]
async fn one_bad_record_never_blocks_another() {
    let workshop = Workshop::open().await;
    let (done, done_record) = workshop.received("effect").await;
    let (poison, poison_record) = workshop.received("failed").await;
    let (panicking, panicking_record) = workshop.received("panic").await;
    let (retrying, retrying_record) = workshop.received("retry").await;
    let (refused, refused_record) = workshop.received("refused").await;
    let (ignored, ignored_record) = workshop.received("ignored").await;
    let unknown = workshop.unrecorded("effect");
    let records = [
        record_of("not JSON", "this is not JSON"),
        poison_record,
        panicking_record,
        record_of(
            "unknown",
            &json!({
                "specversion": "1.0",
                "id": unknown.key().id,
                "source": unknown.key().route(),
                "type": unknown.kind(),
                "time": unknown.received_at().to_string(),
                "dataref": format!("ledger:{}", unknown.key()),
            })
            .to_string(),
        ),
        retrying_record,
        refused_record,
        ignored_record,
        done_record,
    ];
    let mut again = workshop.process(&records).await;
    again.sort();
    // What is to be tried again has a message of its own for that.
    assert_eq!(again, ["not JSON", "unknown"]);
    assert_eq!(workshop.queue.delayed().await, 3);

    let stands = async |key| {
        let item = item(&workshop.ledger, key).await;
        (item.state.status, item.state.cause)
    };
    let cause = |text: &str| Some(text.to_owned());
    assert_eq!(stands(&done).await, (Status::Done, None));
    assert_eq!(stands(&ignored).await, (Status::Ignored, None));
    assert_eq!(
        stands(&poison).await,
        (Status::Failed, cause("no such customer"))
    );
    assert_eq!(stands(&retrying).await, (Status::Waiting, cause("busy")));
    assert_eq!(
        stands(&panicking).await,
        (Status::Waiting, cause("the handler panicked"))
    );
    let condition = "the handler's writes were refused";
    assert_eq!(stands(&refused).await, (Status::Waiting, cause(condition)));
    assert_eq!(
        workshop
            .ledger
            .find(unknown.key())
            .await
            .expect("DynamoDB answers"),
        None
    );
    assert_eq!(
        (
            workshop.effects(&done).await,
            workshop.effects(&refused).await
        ),
        (1, 0)
    );
}

#[tokio::test]
async fn a_batch_of_one_event_ten_times_has_one_effect() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    let records: Vec<Value> = (0..10)
        .map(|copy| json!({"messageId": format!("copy {copy}"), "body": record["body"]}))
        .collect();
    assert_eq!(workshop.process(&records).await, Vec::<String>::new());
    assert_eq!(workshop.effects(&key).await, 1);
    assert_eq!(item(&workshop.ledger, &key).await.state.attempts, 1);
}

#[tokio::test]
async fn two_processors_with_the_same_message_have_one_effect() {
    let (one, other) = (Workshop::open().await, Workshop::open().await);
    let (key, record) = one.received("effect").await;
    let records = [record];
    let (again, again_too) = join!(one.process(&records), other.process(&records));
    assert_eq!((again, again_too), (vec![], vec![]));
    assert_eq!(one.effects(&key).await, 1);
    assert_eq!(item(&one.ledger, &key).await.state.attempts, 1);
}

#[tokio::test]
async fn a_message_of_an_event_that_another_attempt_holds_finishes_quietly() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    claim(&workshop.ledger, &key, Timestamp::now()).await;
    assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
    assert_eq!(workshop.effects(&key).await, 0);
}

#[tokio::test]
async fn a_message_of_an_event_that_has_ended_or_waits_finishes_quietly() {
    let workshop = Workshop::open().await;
    for settlement in [
        Settlement::Done(Writes::none()),
        Settlement::Ignored,
        failed("no"),
        retry(60),
    ] {
        let (key, record) = workshop.received("effect").await;
        end(&workshop.ledger, &key, settlement, Timestamp::now()).await;
        let before = item(&workshop.ledger, &key).await;
        assert_eq!(workshop.process(&[record]).await, Vec::<String>::new());
        assert_eq!(item(&workshop.ledger, &key).await, before);
        assert_eq!(workshop.effects(&key).await, 0);
    }
}

#[tokio::test]
async fn an_event_that_only_the_message_has_is_recorded_and_processed_once() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("effect");
    let body = whole_envelope(&event);
    let records = [record_of("one", &body), record_of("two", &body)];
    let (again, again_too) = join!(workshop.process(&records), workshop.process(&records));
    assert_eq!((again, again_too), (vec![], vec![]));
    let item = item(&workshop.ledger, event.key()).await;
    assert_eq!(
        (item.receipt.event, item.state.status),
        (event.clone(), Status::Done)
    );
    assert_eq!(workshop.effects(event.key()).await, 1);
}

#[tokio::test]
async fn a_message_of_a_recorded_event_makes_no_receipt() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("effect");
    workshop.finish(&record_of("one", &envelope(&event))).await;
    assert_eq!(workshop.effects(event.key()).await, 1);
    let found = workshop.ledger.find(event.key()).await;
    assert_eq!(found.expect("DynamoDB answers"), None);
}

#[tokio::test]
async fn a_message_by_reference_brings_what_the_ledger_has() {
    let workshop = Workshop::open().await;
    let event = workshop.unrecorded("effect");
    let message = record_of("one", &reference(&event));
    assert_eq!(
        workshop.process(std::slice::from_ref(&message)).await,
        ["one"]
    );
    assert_eq!(workshop.effects(event.key()).await, 0);
    record(&workshop.ledger, &event).await;
    workshop.finish(&message).await;
    assert_eq!(workshop.effects(event.key()).await, 1);
}

#[tokio::test]
async fn the_malformed_message_in_the_folder_comes_again() {
    let workshop = Workshop::open().await;
    let file = crate::support::project()
        .root()
        .join("events/sqs-malformed.json");
    let batch: Value = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
    let records = batch["Records"].as_array().expect("records");
    let again = workshop.process(records).await;
    assert_eq!(again, [records[0]["messageId"].as_str().expect("an id")]);
}
