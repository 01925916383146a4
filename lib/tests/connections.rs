//! Connections that died while a function was frozen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use webhooks::{connection, limits};

/// Connections that are kept: those of a batch.
const KEPT: usize = limits::BATCH;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";

/// An endpoint whose first connections stop answering when it is told so.
struct Endpoint {
    url: String,
    frozen: Arc<AtomicBool>,
}

impl Endpoint {
    async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let frozen = Arc::new(AtomicBool::new(false));
        let together = Arc::new(Barrier::new(KEPT));
        let dead = Arc::clone(&frozen);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((connection, _)) = listener.accept().await {
                number += 1;
                let first = (number <= KEPT).then(|| (Arc::clone(&together), Arc::clone(&dead)));
                tokio::spawn(answer(connection, first));
            }
        });
        let url = format!("http://{address}");
        Self { url, frozen }
    }
}

/// Answers every request on a connection. One of the first waits for the others with its first answer,
/// so that each request has a connection of its own, and says nothing any more when it is dead.
async fn answer(mut connection: TcpStream, first: Option<(Arc<Barrier>, Arc<AtomicBool>)>) {
    let mut request = vec![0; 64 * 1024];
    let mut answered = false;
    while let Ok(1..) = connection.read(&mut request).await {
        if let Some((together, dead)) = &first {
            if dead.load(Ordering::SeqCst) {
                continue;
            }
            if !answered {
                together.wait().await;
            }
        }
        answered = true;
        connection.write_all(ANSWER).await.expect("it listens");
    }
}

/// As [`webhooks::aws::config`] has it, for an endpoint of its own.
async fn config(url: &str) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(limits::CALL_ATTEMPT)
        .operation_timeout(limits::CALL)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(limits::CALL_ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(1));
    let credentials = Credentials::new("key", "secret", None, None, "a test");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials)
        .http_client(connection::client())
        .timeout_config(timeouts)
        .retry_config(retries)
        .endpoint_url(url)
        .load()
        .await
}

#[tokio::test]
async fn a_call_outlives_as_many_dead_connections_as_are_kept() {
    let endpoint = Endpoint::open().await;
    let client = aws_sdk_dynamodb::Client::new(&config(&endpoint.url).await);
    let call = || client.list_tables().send();
    let calls = join_all((0..KEPT).map(|_| call())).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    endpoint.frozen.store(true, Ordering::SeqCst);
    let calls = join_all((0..3).map(|_| call())).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
}
