//! One world: who is in it, and what happens to them.

use std::collections::BTreeMap;
use std::hash::DefaultHasher;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures::future::join_all;
use tokio::sync::Notify;
use tokio::time::sleep;
use webhooks::address_lists::AddressLists;
use webhooks::bucket::Bucket;
use webhooks::faults;
use webhooks::ledger::{Item, Ledger, Status};
use webhooks::limits;
use webhooks::process::{KnownPauses, Processor};
use webhooks::provider::catalog;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::published_keys::PublishedKeys;
use webhooks::queue::Queue;
use webhooks::rate::Rates;
use webhooks::receive::Receiver;
use webhooks::recent_digests::RecentDigests;
use webhooks::relay::Relay;
use webhooks::secret_store::SecretStore;
use webhooks::settings::{ProcessorSettings, ReceiverSettings, RelaySettings};
use webhooks::timestamp::Timestamp;

use super::BEGINNING;
use super::deliveries::Parcel;
use super::dynamodb::{DynamoDb, LEDGER};
use super::fleet::{Deaths, Fleet, config};
use super::handlers::{self, Shared};
use super::judge::{Outcome, Sent, judge};
use super::network::{Cloud, Fate, Network, Outage};
use super::sqs::Sqs;

/// Events of a world.
const EVENTS: u64 = 60;

/// The time in which things break, in milliseconds.
const STORM: u64 = 8 * 60 * 1000;

/// The time in which everything has to end when nothing breaks any more: all attempts with their pauses,
/// and the longest pause of the relay.
const CALM: Duration = Duration::from_secs(6 * 3600);

/// Who is at work in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crew {
    /// Every function.
    Whole,
    /// All but the relay: such a world loses events, or it has seen nothing break.
    WithoutRelay,
}

/// Lets the world of a seed happen, on this thread.
///
/// # Panics
/// When the functions make a call that they never make.
pub fn live(seed: u64, crew: Crew) -> Outcome {
    let first = seed.wrapping_mul(EVENTS) % 1_000_000;
    let parcels: Vec<Parcel> = (first..first + EVENTS).map(Parcel::new).collect();
    run(seed, crew, &parcels, Cloud::stormy(seed))
}

/// Lets the world of a seed happen in which nothing breaks but what a plan says, to the event with this
/// number.
pub(super) fn live_by(plan: BTreeMap<u64, Fate>, event: u64) -> Outcome {
    let cloud = Cloud {
        plan,
        ..Cloud::calm(event)
    };
    run(event, Crew::Whole, &[Parcel::new(event)], cloud)
}

fn run(seed: u64, crew: Crew, parcels: &[Parcel], cloud: Cloud) -> Outcome {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        faults::simulate_time(BEGINNING);
        let fleet = Arc::new(fleet(cloud));
        let mut tasks = vec![
            tokio::spawn(Arc::clone(&fleet).feed()),
            tokio::spawn(disturb(fleet.network.clone())),
        ];
        if crew == Crew::Whole {
            tasks.push(tokio::spawn(Arc::clone(&fleet).schedule()));
            tasks.push(tokio::spawn(Arc::clone(&fleet).follow()));
        }
        let sent = join_all(parcels.iter().map(|parcel| deliver(&fleet, parcel))).await;
        let left = STORM.saturating_sub(fleet.network.now());
        sleep(Duration::from_millis(left)).await;
        calm_down(&fleet.network);
        let items = settle(&fleet, parcels).await;
        for task in tasks {
            task.abort();
        }
        judge(&fleet.network.cloud(), parcels, &sent, &items)
    })
}

impl Cloud {
    /// One in which nothing breaks.
    fn calm(seed: u64) -> Self {
        Self {
            dynamodb: DynamoDb::default(),
            sqs: Sqs::default(),
            outages: Vec::new(),
            broken: 0,
            plan: BTreeMap::new(),
            random: Rng::with_seed(seed),
            effects: BTreeMap::new(),
            trace: DefaultHasher::new(),
            calls: 0,
        }
    }

    /// One in which everything breaks at times.
    fn stormy(seed: u64) -> Self {
        let mut cloud = Self::calm(seed);
        let random = &mut cloud.random;
        cloud.outages = (0..random.u64(0..3)).map(|_| outage(random)).collect();
        cloud.broken = cloud.random.u32(5..80);
        cloud
    }
}

fn fleet(cloud: Cloud) -> Fleet {
    let network = Network::new(cloud);
    let config = config(&network);
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&config), LEDGER);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&config), "https://sqs/queue");
    let bucket = Bucket::new(&config, "payloads");
    let receiver = |name: &'static str| {
        let provider = catalog::by_name(name).expect("a provider");
        let profile = provider.profile();
        let receiver = Receiver {
            provider,
            settings: receiver_settings(),
            secrets: SecretStore::new(&config, format!("/secrets/{name}"), profile),
            keys: PublishedKeys::default(),
            hosts: ProviderHosts::default(),
            addresses: AddressLists::default(),
            rates: Rates::default(),
            digests: RecentDigests::default(),
            ledger: ledger.clone(),
            bucket: bucket.clone(),
            queue: queue.clone(),
        };
        (name, receiver)
    };
    let deaths = Deaths::default();
    let shared = Shared {
        network: network.clone(),
        deaths: deaths.clone(),
    };
    Fleet {
        receivers: ["github", "stripe"].map(receiver).into(),
        processor: Arc::new(Processor {
            settings: ProcessorSettings {
                stack: "simulated".to_owned(),
                table: LEDGER.to_owned(),
                queue_url: String::new(),
                bucket: String::new(),
                retention: RETENTION,
                max_attempts: 8,
            },
            ledger: ledger.clone(),
            bucket: bucket.clone(),
            queue: queue.clone(),
            pauses: KnownPauses::default(),
            router: handlers::router(),
            state: Arc::new(shared),
        }),
        relay: Relay {
            settings: RelaySettings {
                stack: "simulated".to_owned(),
                table: LEDGER.to_owned(),
                queue_url: String::new(),
                retention: RETENTION,
            },
            ledger,
            queue,
        },
        network,
        deaths,
        looked: Mutex::new(0),
    }
}

const RETENTION: Duration = Duration::from_secs(30 * 86_400);

fn receiver_settings() -> ReceiverSettings {
    ReceiverSettings {
        stack: "simulated".to_owned(),
        table: LEDGER.to_owned(),
        queue_url: String::new(),
        bucket: String::new(),
        secrets_path: "/secrets".to_owned(),
        public_url: None,
        trusts_forwarded_host: false,
        provider_hosts_url: None,
        retention: RETENTION,
    }
}

fn outage(random: &mut Rng) -> Outage {
    let from = random.u64(0..STORM);
    Outage {
        service: ["dynamodb", "sqs"][random.usize(0..2)],
        from,
        until: from + random.u64(10_000..240_000),
    }
}

/// Repeats messages, and loses some, until the storm is over.
async fn disturb(network: Network) {
    loop {
        let pause = network.cloud().random.u64(1000..60_000);
        sleep(Duration::from_millis(pause)).await;
        let now = network.now();
        let mut cloud = network.cloud();
        if cloud.broken == 0 {
            return;
        }
        let number = cloud.random.u64(..);
        if cloud.random.u8(0..10) < 8 {
            cloud.sqs.repeat(number, now);
        } else {
            cloud.sqs.lose(number);
        }
    }
}

/// Delivers an event as its provider does: GitHub once, and now and then somebody presses the button;
/// Stripe until it hears a 2xx; both twice at times, and with another body.
async fn deliver(fleet: &Fleet, parcel: &Parcel) -> Sent {
    let (start, tries, twice) = {
        let mut cloud = fleet.network.cloud();
        let start = cloud.random.u64(0..STORM / 2);
        let tries = if parcel.provider == "stripe" { 10 } else { 2 };
        (start, tries, cloud.random.u8(0..5) == 0)
    };
    sleep(Duration::from_millis(start)).await;
    let mut sent = Sent {
        deliveries: 0,
        acknowledged: false,
    };
    for again in 0..tries {
        let changed = parcel.changed();
        let parcel = if again > 0 { &changed } else { parcel };
        sent.deliveries += 1;
        let status = if twice && again == 0 {
            sent.deliveries += 1;
            let both = futures::future::join(once(fleet, parcel), once(fleet, parcel)).await;
            both.0.max(both.1)
        } else {
            once(fleet, parcel).await
        };
        sent.acknowledged |= matches!(status, Some(200..=299));
        if sent.acknowledged && parcel.provider == "stripe" {
            break;
        }
        let pause = fleet.network.cloud().random.u64(1000..40_000);
        sleep(Duration::from_millis(pause)).await;
    }
    sent
}

async fn once(fleet: &Fleet, parcel: &Parcel) -> Option<u16> {
    let now = Timestamp::now();
    let request = parcel.request(now).expect("it can be signed");
    let request = serde_json::from_value(request).expect("a gateway's event");
    let receiver = &fleet.receivers[parcel.provider];
    let receipt = receiver.receive(request, None, now);
    let death = Notify::new();
    let receipt = fleet
        .invoke(limits::RECEIVER_TIMEOUT, &death, receipt)
        .await?;
    Some(receipt.answer.status())
}

/// From here on nothing breaks.
fn calm_down(network: &Network) {
    let mut cloud = network.cloud();
    cloud.broken = 0;
    cloud.outages.clear();
}

/// Waits until every event has ended, no message is left and the stream is read.
async fn settle(fleet: &Fleet, parcels: &[Parcel]) -> Vec<Option<Item>> {
    let deadline = tokio::time::Instant::now() + CALM;
    while tokio::time::Instant::now() < deadline && !is_quiet(fleet, parcels) {
        sleep(Duration::from_secs(30)).await;
    }
    let ledger = &fleet.relay.ledger;
    let items = join_all(parcels.iter().map(|parcel| ledger.find(&parcel.key))).await;
    items
        .into_iter()
        .map(|item| item.expect("it is calm"))
        .collect()
}

fn is_quiet(fleet: &Fleet, parcels: &[Parcel]) -> bool {
    let looked = *fleet
        .looked
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let cloud = fleet.network.cloud();
    let is_open = |parcel: &Parcel| {
        let receipt = parcel.key.to_string();
        let state = receipt.replacen("/default/", "/default#state/", 1);
        let items = || cloud.dynamodb.items(LEDGER);
        let named = |key: &str| items().find(|item| item["pk"].as_s().is_ok_and(|pk| pk == key));
        let status = named(&state).and_then(|item| item.get("status")?.as_s().ok());
        let ended = status
            .and_then(|status| Status::parse(status))
            .is_some_and(Status::has_ended);
        named(&receipt).is_some() && !ended
    };
    cloud.sqs.next_visible().is_none()
        && looked == cloud.dynamodb.stream.len()
        && !parcels.iter().any(is_open)
}
