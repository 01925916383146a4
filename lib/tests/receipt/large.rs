//! Payloads that fit no item: by way of the bucket to the handler, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use webhooks::bucket::Bucket;
use webhooks::event::Event;
use webhooks::ledger::Status;
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::provider::table::GITHUB;
use webhooks::receive::Receiver;
use webhooks::router::{Context, Outcome, Router};
use webhooks::settings::ProcessorSettings;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{Endpoint, SECRET, delivery, key, sign};
use crate::support::broken::Closed;
use crate::support::own_queue::record;
use crate::support::sample::{item, noise};

/// What an invocation of a function takes, in bytes.
const INVOCATION: usize = 6 * 1024 * 1024;

/// A push of that many bytes that no compression makes small.
fn push_of(size: usize) -> Fixture {
    let mut fixture = delivery(GITHUB, "push");
    let id = fixture
        .delivery
        .headers
        .get("x-github-delivery")
        .expect("an id");
    let frame = json!({"id": id, "noise": ""}).to_string().len();
    let text = STANDARD.encode(noise(size));
    let body = json!({"id": id, "noise": &text[..size - frame]});
    fixture.delivery.body = body.to_string().into_bytes();
    sign(&mut fixture, GITHUB, SECRET, Timestamp::now());
    fixture
}

/// Status and outcome of a delivery that comes now.
async fn answer(receiver: &Receiver, fixture: &Fixture) -> (u16, &'static str) {
    crate::endpoint::answer(receiver, fixture, Timestamp::now()).await
}

type Seen = Arc<Mutex<Vec<Vec<u8>>>>;

/// A processor whose handler keeps what it sees.
fn processor(endpoint: &Endpoint, bucket: Bucket) -> (Arc<Processor<Seen>>, Seen) {
    let seen = Seen::default();
    let handler = |context: Context<Seen>, event: Event<'static>| async move {
        let bytes = event.payload().bytes.to_vec();
        context.state.lock().await.push(bytes);
        Outcome::done()
    };
    let processor = Processor {
        settings: ProcessorSettings {
            stack: "stack".to_owned(),
            table: endpoint.world.table().to_owned(),
            queue_url: endpoint.queue.url.clone(),
            bucket: endpoint.world.bucket_name().to_owned(),
            retention: Duration::from_secs(3_000_000_000),
            max_attempts: 8,
        },
        ledger: endpoint.world.ledger(),
        bucket,
        queue: endpoint.queue.queue(),
        pauses: KnownPauses::default(),
        router: Router::new().otherwise(handler),
        state: Arc::new(Arc::clone(&seen)),
    };
    (Arc::new(processor), seen)
}

/// The batch of all messages in the queue, as an invocation brings it.
async fn batch(endpoint: &Endpoint) -> Value {
    let messages = endpoint.queue.receive(1).await;
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

async fn process(processor: &Arc<Processor<Seen>>, batch: Value) -> Value {
    let batch = serde_json::from_value(batch).expect("a batch");
    json!(processor.process(batch).await.expect("ids"))
}

fn without_bucket(receiver: Receiver, closed: &Closed) -> Receiver {
    Receiver {
        bucket: Bucket::new(&closed.config(), "any"),
        ..receiver
    }
}

#[tokio::test]
async fn ten_large_ones_arrive_in_one_batch_byte_for_byte() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let sizes = [limits::BODY, 2_000_000].into_iter();
    let sizes = sizes.chain(std::iter::repeat_n(1_000_000, 8));
    let fixtures: Vec<Fixture> = sizes.map(push_of).collect();
    for fixture in &fixtures {
        assert_eq!(answer(&receiver, fixture).await, (202, "accepted"));
        assert_eq!(answer(&receiver, fixture).await, (200, "duplicate"));
    }
    let batch = batch(&endpoint).await;
    assert_eq!(batch["Records"].as_array().map(Vec::len), Some(10));
    assert!(batch.to_string().len() < limits::MESSAGE, "SQS's limit");
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    assert_eq!(
        process(&processor, batch).await,
        json!({"batchItemFailures": []})
    );
    let mut seen = seen.lock().await.clone();
    let mut sent: Vec<Vec<u8>> = fixtures
        .iter()
        .map(|fixture| fixture.delivery.body.clone())
        .collect();
    seen.sort();
    sent.sort();
    assert!(seen == sent, "not the exact bytes");
}

#[tokio::test]
async fn arrives_by_way_of_bucket_and_queue_when_dynamodb_is_down() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    // Sizes below and above what a message, and what an item carries.
    let fixtures: Vec<Fixture> = [50_000, 130_000, 600_000, limits::BODY]
        .into_iter()
        .map(push_of)
        .collect();
    for fixture in &fixtures {
        assert_eq!(answer(&receiver, fixture).await, (202, "accepted"));
    }
    let batch = batch(&endpoint).await;
    assert!(batch.to_string().len() < 4 * limits::MESSAGE_SHARE);
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    assert_eq!(
        process(&processor, batch).await,
        json!({"batchItemFailures": []})
    );
    assert_eq!(seen.lock().await.len(), 4);
    for fixture in &fixtures {
        let item = item(&endpoint.world.ledger(), &key(fixture)).await;
        assert_eq!(item.state.status, Status::Done);
        assert!(seen.lock().await.contains(&fixture.delivery.body));
    }
}

#[tokio::test]
async fn goes_into_the_item_when_the_bucket_is_down_and_it_fits() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let fixture = push_of(200_000);
    let receiver = without_bucket(endpoint.receiver(GITHUB), &closed);
    assert_eq!(answer(&receiver, &fixture).await, (202, "accepted"));
    assert_eq!(answer(&receiver, &fixture).await, (200, "duplicate"));
    let payload = item(&endpoint.world.ledger(), &key(&fixture)).await;
    let payload = payload.receipt.event.payload().clone();
    assert!(payload.away().is_none() && payload.bytes == fixture.delivery.body);
    // The message refers to it.
    assert!(batch(&endpoint).await.to_string().len() < 2_000);
}

#[tokio::test]
async fn goes_whole_to_the_queue_when_neither_bucket_nor_ledger_takes_it() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, &closed.config(), config, config);
    let receiver = without_bucket(receiver, &closed);
    let fixture = push_of(200_000);
    assert_eq!(answer(&receiver, &fixture).await, (202, "accepted"));
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    process(&processor, batch(&endpoint).await).await;
    assert!(*seen.lock().await == [fixture.delivery.body.clone()]);
}

#[tokio::test]
async fn goes_whole_to_the_queue_when_the_bucket_is_down_and_it_fits() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let receiver = without_bucket(endpoint.receiver(GITHUB), &closed);
    let fixture = push_of(900_000);
    assert_eq!(answer(&receiver, &fixture).await, (202, "accepted"));
    let batch = batch(&endpoint).await;
    assert!(batch.to_string().len() < INVOCATION);
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    process(&processor, batch).await;
    assert!(*seen.lock().await == [fixture.delivery.body.clone()]);
}

#[tokio::test]
async fn a_duplicate_is_one_though_the_bucket_is_down() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let fixture = push_of(limits::BODY);
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(answer(&receiver, &fixture).await, (202, "accepted"));
    let receiver = without_bucket(receiver, &closed);
    assert_eq!(answer(&receiver, &fixture).await, (200, "duplicate"));
    assert_eq!(endpoint.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn is_not_acknowledged_when_nothing_takes_it() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let receiver = without_bucket(endpoint.receiver(GITHUB), &closed);
    let fixture = push_of(limits::BODY);
    assert_eq!(answer(&receiver, &fixture).await, (503, "unavailable"));
    let found = endpoint.world.ledger().find(&key(&fixture)).await;
    assert_eq!(found.expect("DynamoDB answers"), None);
    assert_eq!(endpoint.queue.bodies().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_attempt_without_its_payload_does_not_count_and_is_made_again() {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let fixture = push_of(1_000_000);
    answer(&endpoint.receiver(GITHUB), &fixture).await;
    let batch = batch(&endpoint).await;
    let (ledger, key) = (endpoint.world.ledger(), key(&fixture));

    let (early, seen) = processor(&endpoint, Bucket::new(&closed.config(), "any"));
    let finished = json!({"batchItemFailures": []});
    assert_eq!(process(&early, batch.clone()).await, finished);
    let waiting = item(&ledger, &key).await.state;
    assert_eq!((waiting.status, waiting.attempts), (Status::Waiting, 0));
    assert_eq!(waiting.put_back, 1);
    let cause = "the bucket cannot be reached (no connection)";
    assert_eq!(waiting.cause.as_deref(), Some(cause));
    assert!(seen.lock().await.is_empty());
    assert_eq!(endpoint.queue.delayed().await, 1);

    let world = &endpoint.world;
    world.make_due(world.table(), &key).await;
    let (later, seen) = processor(&endpoint, world.bucket());
    assert_eq!(process(&later, batch).await, finished);
    let done = item(&ledger, &key).await.state;
    assert_eq!((done.status, done.attempts), (Status::Done, 1));
    assert!(*seen.lock().await == [fixture.delivery.body.clone()]);
}

#[tokio::test]
async fn fails_at_once_when_the_payload_is_gone() {
    let endpoint = Endpoint::open().await;
    let fixture = push_of(1_000_000);
    answer(&endpoint.receiver(GITHUB), &fixture).await;
    let s3 = aws_sdk_s3::Client::new(endpoint.world.config());
    let bucket = endpoint.world.bucket_name();
    let delete = s3.delete_object().bucket(bucket).key(object_of(&fixture));
    delete.send().await.expect("S3 answers");
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    process(&processor, batch(&endpoint).await).await;
    let item = item(&endpoint.world.ledger(), &key(&fixture)).await;
    assert_eq!(item.state.status, Status::Failed);
    let cause = "the bucket does not have the payload";
    assert_eq!(item.state.cause.as_deref(), Some(cause));
    assert!(seen.lock().await.is_empty());
}

#[tokio::test]
async fn is_packed_in_the_bucket() {
    let endpoint = Endpoint::open().await;
    let fixture = push_of(1_000_000);
    answer(&endpoint.receiver(GITHUB), &fixture).await;
    let s3 = aws_sdk_s3::Client::new(endpoint.world.config());
    let get = s3.get_object().bucket(endpoint.world.bucket_name());
    let object = get
        .key(object_of(&fixture))
        .send()
        .await
        .expect("it is there");
    let encoding = object.metadata().and_then(|all| all.get("encoding"));
    assert_eq!(encoding.map(String::as_str), Some("zstd"));
    // Base64 of noise is packed to the noise.
    let length = object.content_length().expect("a length");
    assert!((740_000..760_000).contains(&length), "{length}");
}

#[tokio::test]
async fn an_object_written_as_it_came_is_read_as_it_is() {
    let endpoint = Endpoint::open().await;
    let fixture = push_of(1_000_000);
    answer(&endpoint.receiver(GITHUB), &fixture).await;
    let s3 = aws_sdk_s3::Client::new(endpoint.world.config());
    let put = s3.put_object().bucket(endpoint.world.bucket_name());
    let put = put.key(object_of(&fixture));
    let body = fixture.delivery.body.clone();
    put.body(body.into()).send().await.expect("S3 answers");
    let (processor, seen) = processor(&endpoint, endpoint.world.bucket());
    process(&processor, batch(&endpoint).await).await;
    assert!(*seen.lock().await == [fixture.delivery.body.clone()]);
}

/// The name of a payload's object.
fn object_of(fixture: &Fixture) -> String {
    let digest = hex(&webhooks::signature::sha256(&fixture.delivery.body));
    format!("github/default/{digest}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
