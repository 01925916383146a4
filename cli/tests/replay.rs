//! What `webhooks events replay` does to an event, against the emulator.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

use webhooks::envelope::Message;
use webhooks::ledger::{Settlement, Status, Writes};
use webhooks::limits;
use webhooks::record::record;
use webhooks_cli::replay::{Replayed, replay};

use support::World;
use support::sample::{FAR, START, at, end, event, event_of, failed, fresh_key, item, noise};

/// The messages in the stack's queue, which no other test of this file reads.
async fn sent(world: &World) -> Vec<String> {
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("QueueUrl").expect("a queue");
    let receive = sqs.receive_message().queue_url(url);
    let received = receive.max_number_of_messages(10).send().await;
    let messages = received.expect("SQS answers").messages.unwrap_or_default();
    messages
        .into_iter()
        .filter_map(|message| message.body)
        .collect()
}

#[tokio::test]
async fn a_failed_event_starts_again_and_no_other() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (unfit, done, unknown) = (fresh_key(), fresh_key(), fresh_key());
    for key in [&unfit, &done] {
        support::sample::record(&ledger, &event(key)).await;
    }
    end(&ledger, &unfit, failed("no"), at(1)).await;
    end(&ledger, &done, Settlement::Done(Writes::none()), at(1)).await;

    let stack = &world.stack;
    let expected = [
        (&unfit, Replayed::Started),
        (&unfit, Replayed::Left(Status::Waiting)),
        (&done, Replayed::Left(Status::Done)),
        (&unknown, Replayed::Unknown),
    ];
    for (key, replayed) in expected {
        assert_eq!(replay(stack, key).await.expect("AWS answers"), replayed);
    }
    let again = item(&ledger, &unfit).await;
    assert_eq!(
        (
            again.state.status,
            again.state.redeliveries,
            again.state.attempts
        ),
        (Status::Waiting, 1, 0)
    );

    // And one whose payload is in the bucket: sent by reference, not without its payload.
    let large = fresh_key();
    let bytes = noise(limits::ITEM_PAYLOAD + 1);
    let mut event = event_of(&large, "github.push", START, &bytes);
    let bucket = world.bucket();
    let recorded = record(&ledger, &bucket, &mut event, "token", FAR).await;
    recorded.expect("it is recorded");
    end(&ledger, &large, failed("no"), at(1)).await;
    let replayed = replay(stack, &large).await;
    assert_eq!(replayed.expect("AWS answers"), Replayed::Started);
    let mut back = item(&ledger, &large).await.receipt.event;
    assert!(back.payload().away().is_some(), "the item refers to it");
    bucket.fetch(&mut back).await.expect("it is there");
    assert!(back.payload().bytes == bytes, "not the exact bytes");

    let sent = sent(&world).await;
    let keys: Vec<_> = sent
        .iter()
        .map(|body| Message::read(body).expect("an envelope").key)
        .collect();
    assert_eq!(keys, [unfit, large]);
}
