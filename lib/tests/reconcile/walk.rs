//! A walk through a source, with a ledger of the emulator.

use std::time::{Duration, Instant};

use webhooks::delivery::Delivery;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Existing, Item, Record, Watermark};
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Provider, catalog};
use webhooks::reconcile::archive::Archive;
use webhooks::reconcile::{Endpoint, Reconciler, Scope, Walked};
use webhooks::scheme::development;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::deliveries::{NOW, development_secret, signed};
use crate::hook::Attempt;
use crate::sent::ago;
use crate::support::own_queue::OwnQueue;
use crate::support::{World, unique};

/// All that is new, with time enough.
pub(crate) fn from_the_mark() -> Scope {
    Scope {
        since: None,
        dry_run: false,
        until: Instant::now() + Duration::from_secs(120),
    }
}

/// A source that nothing has arrived at.
pub(crate) struct Source {
    pub(crate) world: World,
    pub(crate) queue: OwnQueue,
    name: String,
    pub(crate) reconciler: Reconciler,
}

impl Source {
    pub(crate) async fn enter() -> Self {
        let world = World::enter().await;
        let queue = world.own_queue().await;
        let reconciler = Reconciler {
            ledger: world.ledger(),
            bucket: world.bucket(),
            queue: queue.queue(),
            retention: Duration::from_secs(30 * 24 * 3600),
        };
        Self {
            name: unique("source"),
            world,
            queue,
            reconciler,
        }
    }

    /// Walks through the last six hours.
    pub(crate) async fn walk(
        &self,
        provider: &'static dyn Provider,
        archive: &dyn Archive,
    ) -> Walked {
        let scope = Scope {
            since: Some(ago(6 * 60)),
            ..from_the_mark()
        };
        self.run(provider, archive, scope).await
    }

    pub(crate) async fn run(
        &self,
        provider: &'static dyn Provider,
        archive: &dyn Archive,
        scope: Scope,
    ) -> Walked {
        let endpoint = Endpoint {
            provider,
            source: &self.name,
            archive,
        };
        self.reconciler.run(endpoint, scope).await
    }

    /// How far the source was compared.
    pub(crate) async fn mark(&self, provider: &str) -> Watermark {
        let mark = self.reconciler.ledger.watermark(provider, &self.name).await;
        mark.expect("DynamoDB answers")
    }

    /// Says that the source was compared until then.
    pub(crate) async fn compared_until(&self, provider: &str, reached: Timestamp) {
        let mut mark = self.mark(provider).await;
        mark.reached = Some(reached);
        let moved = self
            .reconciler
            .ledger
            .move_watermark(provider, &self.name, &mut mark);
        assert!(moved.await.expect("DynamoDB answers"));
    }

    /// What the ledger has of an event.
    pub(crate) async fn item(&self, provider: &str, id: &str) -> Item {
        let key = EventKey {
            provider: provider.to_owned(),
            source: self.name.clone(),
            id: id.to_owned(),
        };
        let item = self.world.ledger().find(&key).await;
        item.expect("DynamoDB answers").expect("it is recorded")
    }

    /// The payload that the ledger has of an event.
    pub(crate) async fn payload(&self, provider: &str, id: &str) -> Vec<u8> {
        let item = self.item(provider, id).await;
        item.receipt.event.payload().bytes.to_vec()
    }

    /// Records attempts that have arrived, as receivers do, in few calls.
    pub(crate) async fn received(&self, attempts: &[Attempt]) {
        let provider = catalog::by_name("github").expect("the provider is listed");
        let secret = development_secret(provider);
        let keys = || development::keys(provider, std::slice::from_ref(&secret));
        for batch in attempts.chunks(25) {
            let deliveries: Vec<_> = batch
                .iter()
                .map(|attempt| signed(provider, &attempt.delivery(), &secret, NOW))
                .collect();
            let event = |delivery| {
                let verified = verify(provider, delivery, keys(), NOW).expect("signed just now");
                let Ok(Meaning::Event(identity)) = provider.identify(&verified) else {
                    panic!("not an event");
                };
                Event::new(provider, &self.name, identity, &verified, NOW, None)
            };
            let events: Vec<_> = deliveries.iter().map(event).collect();
            let events: Vec<_> = events.iter().map(|event| (event, "token")).collect();
            let expires_at = Timestamp::now().after(Duration::from_secs(86_400));
            let recorded = self.reconciler.ledger.record_new(&events, expires_at).await;
            assert!(recorded.expect("DynamoDB answers").iter().all(|new| *new));
        }
    }

    /// Takes a delivery of an event that the ledger has, as a receiver does.
    pub(crate) async fn receive(&self, provider: &str, delivery: &Delivery) -> Existing {
        let provider = catalog::by_name(provider).expect("the provider is listed");
        let secret = development_secret(provider);
        let delivery = signed(provider, delivery, &secret, NOW);
        let keys = development::keys(provider, std::slice::from_ref(&secret));
        let verified = verify(provider, &delivery, keys, NOW).expect("signed just now");
        let Ok(Meaning::Event(identity)) = provider.identify(&verified) else {
            panic!("not an event");
        };
        let event = Event::new(provider, &self.name, identity, &verified, NOW, None);
        let recorded = self.reconciler.ledger.record(&event, "token", NOW, 1 << 18);
        match recorded.await.expect("DynamoDB answers") {
            Record::Existing(existing) => existing,
            other => panic!("{other:?}"),
        }
    }
}
