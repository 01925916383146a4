//! `webhooks dead-letters`: looked at and given back, some moved, some dropped, never all of them by accident.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use serde_json::Value;
use webhooks::envelope::{envelope, reference};
use webhooks::event::EventKey;
use webhooks::ledger::{Settlement, Writes};

use command::{is_plain, json, printed, run, said};
use support::World;
use support::sample::{at, end, event, fresh_key, record};

/// What somebody else has put into the queue.
const ODD: &str = "{\"to\": \"\u{202e}someone\", \"password\": \"hunter2\"}";

async fn put(world: &World, body: &str) -> String {
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("DeadLetterQueueUrl").expect("its URL");
    let sent = sqs
        .send_message()
        .queue_url(url)
        .message_body(body)
        .send()
        .await;
    sent.expect("SQS answers").message_id.expect("an id")
}

fn messages(value: &Value) -> &Vec<Value> {
    value["messages"].as_array().expect("a list")
}

fn of<'a>(value: &'a Value, id: &str) -> &'a Value {
    let found = messages(value)
        .iter()
        .find(|message| message["message"] == id);
    found.expect("it is there")
}

async fn ids(world: &World) -> Vec<String> {
    let listed = json(world, "dead-letters.json", &["dead-letters"]).await;
    assert_eq!(listed["complete"], true);
    let id = |message: &Value| message["message"].as_str().expect("an id").to_owned();
    let mut ids: Vec<_> = messages(&listed).iter().map(id).collect();
    ids.sort();
    ids
}

/// One test, because there is one queue.
#[tokio::test]
async fn some_are_moved_and_some_are_dropped() {
    let world = World::enter().await;
    let ledger = world.ledger();
    assert_eq!(ids(&world).await, Vec::<String>::new());
    let (done, unknown, lost) = (fresh_key(), fresh_key(), fresh_key());
    record(&ledger, &event(&done)).await;
    end(&ledger, &done, Settlement::Done(Writes::none()), at(1)).await;
    let of_done = put(&world, &envelope(&event(&done))).await;
    let again = put(&world, &envelope(&event(&done))).await;
    let of_unknown = put(&world, &envelope(&event(&unknown))).await;
    let of_lost = put(&world, &reference(&event(&lost))).await;
    let odd = put(&world, ODD).await;
    let mut all = vec![
        of_done.clone(),
        again,
        of_unknown.clone(),
        of_lost,
        odd.clone(),
    ];
    all.sort();

    let listed = json(&world, "dead-letters.json", &["dead-letters"]).await;
    for (id, why) in [
        (&of_done, "known_event"),
        (&of_unknown, "unknown_event"),
        (&odd, "unreadable"),
    ] {
        assert_eq!(of(&listed, id)["why"], why);
    }
    assert_eq!(of(&listed, &of_done)["status"], "done");
    let told = run(&world, &["dead-letters"]).await;
    assert!(is_plain(&told.stdout), "{}", printed(&told));
    assert!(!printed(&told).contains("hunter2"), "{}", printed(&told));
    // Looked at twice, and all of them are there at once.
    assert_eq!(ids(&world).await, all);

    for (arguments, expected) in [
        (&["drop"][..], "required"),
        (&["drop", "--yes"], "required"),
        (&["redrive", "cause:no"], "dead letters are chosen by"),
        (
            &["redrive", "everything"],
            "everything: a filter is key:value",
        ),
        (&["drop", &odd, "provider:github"], "do not go together"),
    ] {
        let wrong = run(&world, &[&["dead-letters"], arguments].concat()).await;
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&wrong).contains(expected),
            "{arguments:?}: {}",
            said(&wrong)
        );
    }
    let preview = json(
        &world,
        "dead-letters.json",
        &["dead-letters", "drop", &odd[..8]],
    )
    .await;
    assert_eq!(
        (messages(&preview).len(), &preview["ran"]),
        (1, &Value::Bool(false))
    );
    assert_eq!(of(&preview, &odd)["outcome"], "would_drop");
    assert_eq!(ids(&world).await, all);

    let dropped = json(
        &world,
        "dead-letters.json",
        &["dead-letters", "drop", "--why", "unreadable", "--yes"],
    )
    .await;
    assert_eq!(of(&dropped, &odd)["outcome"], "dropped");
    let dropped = json(
        &world,
        "dead-letters.json",
        &[
            "dead-letters",
            "drop",
            "status:done",
            "provider:github",
            "--yes",
        ],
    )
    .await;
    assert_eq!(messages(&dropped).len(), 2);
    let id = format!("id:{}", unknown.id);
    let moved = json(
        &world,
        "dead-letters.json",
        &["dead-letters", "redrive", &id, "--yes"],
    )
    .await;
    assert_eq!(of(&moved, &of_unknown)["outcome"], "redriven");
    assert_eq!(ids(&world).await.len(), 1);
    assert_eq!(in_queue(&world).await, [unknown]);
}

async fn in_queue(world: &World) -> Vec<EventKey> {
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("QueueUrl").expect("a queue");
    let received = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .send()
        .await;
    let messages = received.expect("SQS answers").messages.unwrap_or_default();
    let bodies = messages.into_iter().filter_map(|message| message.body);
    let read = bodies.map(|body| webhooks::envelope::Message::read(&body).expect("ours").key);
    read.collect()
}
