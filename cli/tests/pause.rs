//! `webhooks pause` and `webhooks resume`: what they write, what they send, and where a pause is shown.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

mod command;

use serde_json::Value;
use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::timestamp::Timestamp;
use webhooks_cli::stack::Stack;

use command::{is_plain, json, printed, run, said};
use support::sample::{at, end, event_of, key_in, missed, record, retry};
use support::{World, unique};

async fn registered(stack: &Stack) -> String {
    let source = unique("source");
    let put = stack.put_secret("github", &source, "canary-secret").await;
    put.expect("a secret");
    source
}

fn named(value: &Value, what: &str) -> Vec<Value> {
    let paused = value["paused"].as_array().expect("a list").iter();
    paused.filter(|one| one["what"] == what).cloned().collect()
}

/// The events of the messages in the stack's queue, which go with that.
async fn queued(world: &World) -> Vec<EventKey> {
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("QueueUrl").expect("its URL");
    let mut keys = Vec::new();
    loop {
        let receive = sqs.receive_message().queue_url(url);
        let received = receive.max_number_of_messages(10).send().await;
        let messages = received.expect("SQS answers").messages.unwrap_or_default();
        if messages.is_empty() {
            return keys;
        }
        let body = |message: &aws_sdk_sqs::types::Message| message.body().map(str::to_owned);
        let bodies = messages.iter().filter_map(body);
        keys.extend(bodies.map(|body| Message::read(&body).expect("ours").key));
    }
}

#[tokio::test]
async fn a_pause_is_shown_while_it_lasts_and_its_end_sends_what_waits() {
    let world = World::enter().await;
    let (source, ledger) = (registered(&world.stack).await, world.ledger());
    let what = format!("github/{source}");
    let reason = "the warehouse \u{1b}[2J is down";
    let paused = json(&world, "pause.json", &["pause", &what, "--reason", reason]).await;
    assert_eq!(named(&paused, &what)[0]["reason"], reason);
    // Never taken and not yet missed; never taken; to be tried again now; to be tried again in a day; of a neighbour.
    let keys = [(); 4].map(|()| key_in(&source));
    let [unheard, fresh, due, later] = keys;
    let neighbour = key_in(&unique("source"));
    let now = Timestamp::now();
    for key in [&unheard, &fresh, &due, &later, &neighbour] {
        record(&ledger, &event_of(key, "github.push", now, b"{}")).await;
    }
    missed(&ledger, &fresh).await;
    missed(&ledger, &neighbour).await;
    end(&ledger, &due, retry(0), at(0)).await;
    end(&ledger, &later, retry(86_400), now).await;
    for (schema, words) in [
        ("events.json", ["events", &format!("source:{source}")]),
        ("issues.json", ["issues", "since:1h"]),
    ] {
        let value = json(&world, schema, &words).await;
        assert_eq!(named(&value, &what).len(), 1, "{words:?}");
        let told = run(&world, &words).await;
        assert!(printed(&told).contains(&format!("paused: {what} since ")));
        assert!(is_plain(&told.stdout));
    }
    let listed = json(&world, "pause.json", &["pause"]).await;
    assert_eq!(named(&listed, &what).len(), 1);
    let resumed = json(&world, "resume.json", &["resume", &what]).await;
    assert_eq!(named(&resumed, &what), Vec::<Value>::new());
    assert_eq!((&resumed["sent"], &resumed["left"]), (&3.into(), &0.into()));
    let mut sent = queued(&world).await;
    sent.sort();
    let mut expected = vec![unheard, fresh, due];
    expected.sort();
    assert_eq!(sent, expected);
    let again = run(&world, &["resume", &what]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("is not paused"));
}

#[tokio::test]
async fn what_is_not_there_is_not_paused() {
    let world = World::enter().await;
    registered(&world.stack).await;
    for (words, code, expected) in [
        (&["pause", "githup"][..], 2, "no provider githup"),
        (
            &["pause", "github/nobody"],
            1,
            "no source github/nobody is registered; there are ",
        ),
        (
            &["resume", "github/nobody"],
            1,
            "github/nobody is not paused",
        ),
        (&["resume"], 2, "required"),
        (&["pause", "--reason", "none"], 2, "required"),
    ] {
        let output = run(&world, words).await;
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
}
