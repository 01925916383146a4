//! What DynamoDB answers when a transaction is in the way of a write, which the emulator never does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use lab::proxy::{Call, Fault, Proxy};
use webhooks::envelope::Message;
use webhooks::event::Event;
use webhooks::ledger::{Claim, Lease, Ledger, Record, Settled, Settlement, Turn};
use webhooks::limits::ITEM_PAYLOAD;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

const CONFLICT: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
    "message": "Transaction is ongoing for the item"}"#;
const CANCELLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled", "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}"#;

struct World {
    ledger: Ledger,
    payments: String,
    /// How many of the next writes are refused.
    refusals: Arc<AtomicU32>,
    _proxy: Proxy,
    _emulator: Emulator,
}

async fn world() -> World {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let emulator = Emulator::start(&project, any_port().expect("a port"))
        .await
        .expect("it starts");
    let (stack, _) = Stack::create(emulator::config(&emulator.endpoint()), &template)
        .await
        .expect("the data resources");
    let refusals: Arc<AtomicU32> = Arc::default();
    let left = Arc::clone(&refusals);
    let refuse = move |call: &Call| {
        let refusal = match call.operation.as_str() {
            "PutItem" => CONFLICT,
            "TransactWriteItems" => CANCELLED,
            _ => return None,
        };
        let one_less = |refusals: u32| refusals.checked_sub(1);
        let refused = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        refused.is_ok().then_some(Fault::Answer(400, refusal))
    };
    let proxy = Proxy::start(emulator.endpoint(), 1, Arc::new(refuse));
    let proxy = proxy.await.expect("it listens");
    let client = aws_sdk_dynamodb::Client::new(&emulator::config(&proxy.url()));
    World {
        ledger: Ledger::new(client, stack.output("TableName").expect("an output")),
        payments: stack.output("PaymentsTable").expect("an output").to_owned(),
        refusals,
        _proxy: proxy,
        _emulator: emulator,
    }
}

fn event() -> Event<'static> {
    let message = r#"{"specversion": "1.0", "id": "evt_1", "source": "/webhooks/stripe/default",
        "type": "stripe.charge.succeeded", "time": "2026-01-01T00:00:00Z", "data": {}}"#;
    Message::read(message)
        .expect("an envelope")
        .whole
        .expect("its payload")
}

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

async fn claimed(world: &World) -> Lease {
    let record = world
        .ledger
        .record(&event(), "receipt", NOW, ITEM_PAYLOAD)
        .await
        .expect("an answer");
    assert!(matches!(record, Record::New), "{record:?}");
    match world
        .ledger
        .claim(event().key(), Turn::Together, NOW)
        .await
        .expect("an answer")
    {
        Claim::Mine(lease) => lease,
        other => panic!("not claimed: {other:?}"),
    }
}

async fn settle(world: &World, lease: &Lease) -> Settled {
    let put = Put::builder()
        .table_name(&world.payments)
        .item("payment_id", AttributeValue::S("ch_1".to_owned()))
        .build()
        .expect("a put");
    let effect = TransactWriteItem::builder().put(put).build();
    let done = Settlement::Done(effect.into());
    let settled = world.ledger.settle(lease, done, NOW, NOW).await;
    settled.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_tried_again_while_another_is_in_its_way() {
    let world = world().await;
    world.refusals.store(2, Ordering::SeqCst);
    let lease = claimed(&world).await;
    assert_eq!(
        world.refusals.load(Ordering::SeqCst),
        0,
        "the put was refused twice"
    );
    world.refusals.store(2, Ordering::SeqCst);
    assert_eq!(settle(&world, &lease).await, Settled::Written);
    assert_eq!(
        world.refusals.load(Ordering::SeqCst),
        0,
        "the transaction was refused twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_others_keep_away_is_left_for_a_later_attempt() {
    let world = world().await;
    let lease = claimed(&world).await;
    world.refusals.store(u32::MAX, Ordering::SeqCst);
    assert_eq!(settle(&world, &lease).await, Settled::EffectRefused);
    world.refusals.store(0, Ordering::SeqCst);
    assert_eq!(
        settle(&world, &lease).await,
        Settled::Written,
        "nothing had been written"
    );
}
