//! One provider's function as a test sees it, with a queue and secrets of its own.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use webhooks::address_lists::AddressLists;
use webhooks::bucket::Bucket;
use webhooks::event::EventKey;
use webhooks::gateway::response;
use webhooks::ledger::Ledger;
use webhooks::provider::Explained;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::published_keys::PublishedKeys;
use webhooks::queue::Queue;
use webhooks::rate::Rates;
use webhooks::receive::{Receipt, Receiver};
use webhooks::recent_digests::RecentDigests;
use webhooks::secret::Secret;
use webhooks::secret_store::SecretStore;
use webhooks::settings::ReceiverSettings;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::scenario::SHOWN;

use crate::support::broken::Untouched;
use crate::support::own_queue::OwnQueue;
use crate::support::sample::START;
use crate::support::{World, project, unique};

/// What deliveries are signed with unless the test says otherwise.
pub(crate) const SECRET: &str = "the current secret";

pub(crate) struct Endpoint {
    pub(crate) world: World,
    pub(crate) queue: OwnQueue,
    pub(crate) secrets_path: String,
}

impl Endpoint {
    /// An endpoint whose source `default` has the secret [`SECRET`], with the providers that most tests play.
    pub(crate) async fn open() -> Self {
        let world = World::enter().await;
        let queue = world.own_queue().await;
        let secrets_path = format!("/{}/webhooks", unique("test"));
        let endpoint = Self {
            world,
            queue,
            secrets_path,
        };
        for provider in SHOWN {
            endpoint.put_secret(provider, "default", SECRET).await;
        }
        endpoint
    }

    pub(crate) async fn put_secret(&self, provider: &str, source: &str, value: &str) {
        let ssm = aws_sdk_ssm::Client::new(self.world.config());
        let put = ssm
            .put_parameter()
            .overwrite(true)
            .r#type(ParameterType::SecureString);
        let put = put
            .name(format!("{}/{provider}/{source}", self.secrets_path))
            .value(value);
        put.send().await.expect("SSM takes it");
    }

    pub(crate) async fn put_settings(&self, provider: &str, source: &str, value: &str) {
        let ssm = aws_sdk_ssm::Client::new(self.world.config());
        let put = ssm
            .put_parameter()
            .overwrite(true)
            .r#type(ParameterType::String);
        let put = put
            .name(format!(
                "{}/{provider}/{source}/settings",
                self.secrets_path
            ))
            .value(value);
        put.send().await.expect("SSM takes it");
    }

    /// The provider's function as it starts: it has not read any secret yet.
    pub(crate) fn receiver(&self, provider: &'static dyn Explained) -> Receiver {
        let config = self.world.config();
        self.receiver_at(provider, config, config, config)
    }

    /// The same with the services elsewhere.
    pub(crate) fn receiver_at(
        &self,
        provider: &'static dyn Explained,
        dynamodb: &SdkConfig,
        sqs: &SdkConfig,
        ssm: &SdkConfig,
    ) -> Receiver {
        let settings = ReceiverSettings {
            table: self.world.table().to_owned(),
            queue_url: self.queue.url.clone(),
            bucket: self.world.bucket_name().to_owned(),
            secrets_path: self.secrets_path.clone(),
            ..settings()
        };
        receiver(
            provider,
            settings,
            [dynamodb, sqs, ssm, self.world.config()],
        )
    }
}

/// A function with nothing behind it but an endpoint that must not be called.
pub(crate) fn receiver_alone(provider: &'static dyn Explained, nothing: &Untouched) -> Receiver {
    let config = nothing.config();
    receiver(provider, settings(), [&config; 4])
}

fn receiver(
    provider: &'static dyn Explained,
    settings: ReceiverSettings,
    [dynamodb, sqs, ssm, s3]: [&SdkConfig; 4],
) -> Receiver {
    let path = format!("{}/{}", settings.secrets_path, provider.profile().name);
    let hosts = ProviderHosts::new(settings.provider_hosts_url.clone());
    Receiver {
        provider,
        secrets: SecretStore::new(ssm, path, provider.profile()),
        keys: PublishedKeys::new(hosts.clone()),
        addresses: AddressLists::new(hosts.clone()),
        hosts,
        rates: Rates::default(),
        digests: RecentDigests::default(),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(dynamodb), &settings.table),
        bucket: Bucket::new(s3, &settings.bucket),
        queue: Queue::new(aws_sdk_sqs::Client::new(sqs), &settings.queue_url),
        settings,
    }
}

fn settings() -> ReceiverSettings {
    ReceiverSettings {
        stack: "stack".to_owned(),
        table: "table".to_owned(),
        queue_url: "queue".to_owned(),
        bucket: "bucket".to_owned(),
        secrets_path: "/path".to_owned(),
        public_url: None,
        trusts_forwarded_host: false,
        provider_hosts_url: None,
        // The emulator removes what has expired by its own clock.
        retention: Duration::from_secs(3_000_000_000),
    }
}

/// The delivery of a file in `events/` under an id that no delivery had before, signed at the
/// beginning.
pub(crate) fn delivery(provider: &dyn Explained, event: &str) -> Fixture {
    let fixture = Fixture::read(&project(), provider.profile().name, event);
    let mut fixture = fixture.expect("a file in events/");
    fixture
        .renew(provider, &secret(SECRET), START)
        .expect("a delivery");
    fixture
}

/// A request to a provider, or to a source of its, with nothing around it.
pub(crate) fn request(path: &str, method: &str, query: &str, headers: &Value, body: &str) -> Value {
    let path = format!("/webhooks/{path}");
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "body": body,
        "requestContext": {
            "domainName": "abc.example.com", "requestId": "r",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        },
        "isBase64Encoded": false,
    })
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not blank")
}

pub(crate) fn sign(fixture: &mut Fixture, provider: &dyn Explained, text: &str, now: Timestamp) {
    let signed = provider.sign(&mut fixture.delivery, &secret(text), now);
    signed.expect("it signs");
}

/// What the function makes of the gateway's event.
pub(crate) async fn deliver(receiver: &Receiver, gateway_event: Value, now: Timestamp) -> Receipt {
    deliver_late(receiver, gateway_event, now, now).await
}

/// The same with a function that had to start first.
pub(crate) async fn deliver_late(
    receiver: &Receiver,
    mut gateway_event: Value,
    arrived_at: Timestamp,
    now: Timestamp,
) -> Receipt {
    gateway_event["requestContext"]["timeEpoch"] = arrived_at.millis().into();
    let request = serde_json::from_value(gateway_event).expect("a gateway event");
    receiver.receive(request, None, now).await
}

/// Status and outcome of the delivery's answer.
pub(crate) async fn answer(
    receiver: &Receiver,
    fixture: &Fixture,
    now: Timestamp,
) -> (u16, &'static str) {
    let receipt = deliver(receiver, fixture.gateway_event(), now).await;
    (receipt.answer.status(), receipt.answer.outcome())
}

/// The response that the gateway gets.
pub(crate) fn http(provider: &dyn Explained, receipt: &Receipt) -> Value {
    json!(response(
        &receipt.answer,
        provider.profile(),
        receipt.kind()
    ))
}

/// The line that the receipt leaves in the log.
pub(crate) fn line(receipt: &Receipt) -> Value {
    serde_json::from_str(&text(receipt)).expect("a line of JSON")
}

pub(crate) fn text(receipt: &Receipt) -> String {
    let report = receipt.report("github", Some("the request"), 1);
    report.line("stack", Some("github"), START)
}

/// The key of GitHub's event in a fixture.
pub(crate) fn key(fixture: &Fixture) -> EventKey {
    let header = |name| fixture.delivery.headers.get(name).expect("a header");
    EventKey {
        provider: "github".to_owned(),
        source: "default".to_owned(),
        id: format!(
            "{}:{}",
            header("x-github-hook-id"),
            header("x-github-delivery")
        ),
    }
}
