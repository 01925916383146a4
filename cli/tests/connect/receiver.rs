//! The receivers of a stack, at one port, each as at a cold start: it knows the secrets of the moment.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use webhooks::address_lists::AddressLists;
use webhooks::answer::Answer;
use webhooks::provider::catalog;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::published_keys::PublishedKeys;
use webhooks::rate::Rates;
use webhooks::receive::Receiver;
use webhooks::recent_digests::RecentDigests;
use webhooks::secret_store::SecretStore;
use webhooks::settings::ReceiverSettings;
use webhooks::timestamp::Timestamp;
use webhooks_cli::stack::Stack;

/// The statuses with which the receivers have answered.
pub(crate) type Answered = Arc<Mutex<Vec<u16>>>;

/// Starts the receivers; gives scheme, host and port.
pub(crate) async fn start(stack: Stack, answered: Answered) -> String {
    let receive = move |request: Request| {
        let (stack, answered) = (stack.clone(), answered.clone());
        async move {
            let status = answer(&stack, request).await;
            let mut answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.push(status);
            StatusCode::from_u16(status).expect("a status")
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().fallback(receive);
    tokio::spawn(async { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn answer(stack: &Stack, request: Request) -> u16 {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some(receiver) = receiver(stack, path) else {
        return 404;
    };
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = parts.headers.iter();
    let headers: serde_json::Map<_, _> = headers
        .map(|(name, value)| (name.to_string(), json!(text(value))))
        .collect();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let now = Timestamp::now();
    let event = json!({
        "version": "2.0",
        "rawPath": path,
        "headers": headers,
        "requestContext": {
            "domainName": "hooks.example",
            "http": {"method": parts.method.as_str(), "path": path},
            "timeEpoch": now.millis(),
        },
        "body": String::from_utf8_lossy(&body),
        "isBase64Encoded": false,
    });
    let request = serde_json::from_value(event).expect("a gateway event");
    receiver.secrets.start(now).await;
    match receiver.receive(request, None, now).await.answer {
        Answer::Accepted { .. } => 202,
        Answer::Unauthenticated => 401,
        Answer::Unavailable => 503,
        Answer::Malformed => 400,
        _ => 200,
    }
}

fn receiver(stack: &Stack, path: &str) -> Option<Receiver> {
    let name = path.strip_prefix("/webhooks/")?.split('/').next()?;
    let provider = catalog::by_name(name)?;
    let output = |name| stack.output(name).expect("an output").to_owned();
    let settings = ReceiverSettings {
        stack: "webhooks".to_owned(),
        table: output("TableName"),
        queue_url: output("QueueUrl"),
        bucket: output("PayloadsBucket"),
        secrets_path: output("SecretsPath"),
        public_url: None,
        trusts_forwarded_host: false,
        provider_hosts_url: None,
        retention: Duration::from_secs(30 * 86_400),
    };
    let hosts = ProviderHosts::default();
    let path = format!("{}/{name}", settings.secrets_path);
    Some(Receiver {
        provider,
        secrets: SecretStore::new(&stack.config, path, provider.profile()),
        keys: PublishedKeys::new(hosts.clone()),
        addresses: AddressLists::new(hosts.clone()),
        hosts,
        rates: Rates::default(),
        digests: RecentDigests::default(),
        ledger: stack.ledger().expect("a ledger"),
        bucket: stack.bucket().expect("a bucket"),
        queue: stack.queue().expect("a queue"),
        settings,
    })
}
