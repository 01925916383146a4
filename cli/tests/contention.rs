//! What DynamoDB answers when a transaction is in the way of a write, which the emulator never does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use webhooks::envelope::Message;
use webhooks::event::Event;
use webhooks::ledger::{Claim, Lease, Ledger, Record, Settled, Settlement};
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

/// The emulator behind a busy item: the next few writes of one operation are refused.
#[derive(Clone)]
struct Busy {
    upstream: String,
    client: reqwest::Client,
    refusals: Arc<AtomicU32>,
}

const CONFLICT: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
    "message": "Transaction is ongoing for the item"}"#;
const CANCELLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled", "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}"#;

async fn pass_on(State(busy): State<Busy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let refusal = match target.unwrap_or_default().rsplit('.').next() {
        Some("PutItem") => Some(CONFLICT),
        Some("TransactWriteItems") => Some(CANCELLED),
        _ => None,
    };
    let left = |refusals: u32| refusals.checked_sub(1);
    if let Some(refusal) = refusal
        && busy
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_ok()
    {
        let mut response = Response::new(Body::from(refusal));
        *response.status_mut() = axum::http::StatusCode::BAD_REQUEST;
        return response;
    }
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let url = format!("{}{}", busy.upstream, parts.uri);
    let request = busy
        .client
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body);
    let answer = request.send().await.expect("the emulator answers");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = Body::from(answer.bytes().await.expect("a body"));
    response
}

struct World {
    ledger: Ledger,
    payments: String,
    busy: Busy,
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
    let busy = Busy {
        upstream: emulator.endpoint(),
        client: reqwest::Client::new(),
        refusals: Arc::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
    let router = Router::new().fallback(pass_on).with_state(busy.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = aws_sdk_dynamodb::Client::new(&emulator::config(&endpoint));
    World {
        ledger: Ledger::new(client, stack.output("TableName").expect("an output")),
        payments: stack.output("PaymentsTable").expect("an output").to_owned(),
        busy,
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
        .record(&event(), "receipt", NOW)
        .await
        .expect("an answer");
    assert!(matches!(record, Record::New), "{record:?}");
    match world
        .ledger
        .claim(event().key(), NOW)
        .await
        .expect("an answer")
    {
        Claim::Mine(lease, _) => lease,
        other => panic!("not claimed: {other:?}"),
    }
}

async fn settle(world: &World, lease: &Lease) -> Settled {
    let put = Put::builder()
        .table_name(&world.payments)
        .item("payment_id", AttributeValue::S("ch_1".to_owned()))
        .build()
        .expect("a put");
    let effect = vec![TransactWriteItem::builder().put(put).build()];
    let settled = world
        .ledger
        .settle(lease, Settlement::Done(effect), NOW)
        .await;
    settled.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_tried_again_while_another_is_in_its_way() {
    let world = world().await;
    world.busy.refusals.store(2, Ordering::SeqCst);
    let lease = claimed(&world).await;
    assert_eq!(
        world.busy.refusals.load(Ordering::SeqCst),
        0,
        "the put was refused twice"
    );
    world.busy.refusals.store(2, Ordering::SeqCst);
    assert_eq!(settle(&world, &lease).await, Settled::Written);
    assert_eq!(
        world.busy.refusals.load(Ordering::SeqCst),
        0,
        "the transaction was refused twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_others_keep_away_is_left_for_a_later_attempt() {
    let world = world().await;
    let lease = claimed(&world).await;
    world.busy.refusals.store(u32::MAX, Ordering::SeqCst);
    assert_eq!(settle(&world, &lease).await, Settled::EffectRefused);
    world.busy.refusals.store(0, Ordering::SeqCst);
    assert_eq!(
        settle(&world, &lease).await,
        Settled::Written,
        "nothing had been written"
    );
}
