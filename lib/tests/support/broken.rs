//! Endpoints that do not answer as they should.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use webhooks_cli::emulator;

/// A port that refuses every connection, and that nobody else gets meanwhile.
pub(crate) struct Closed(TcpSocket);

impl Closed {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .expect("a free port");
        Self(socket)
    }

    pub(crate) fn config(&self) -> SdkConfig {
        once(&endpoint(self.0.local_addr().expect("its port")))
    }
}

/// A port at which no call must arrive.
pub(crate) struct Untouched(TcpListener);

impl Untouched {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a listener that does not wait");
        Self(listener)
    }

    pub(crate) fn config(&self) -> SdkConfig {
        once(&endpoint(self.0.local_addr().expect("its port")))
    }

    pub(crate) fn assert_untouched(&self) {
        let error = self.0.accept().expect_err("somebody called");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

/// The emulator behind a connection that carries a request and loses the answer, as often as told.
pub(crate) struct Lossy {
    address: SocketAddr,
    losses: Arc<AtomicU32>,
}

impl Lossy {
    pub(crate) async fn before(endpoint: &str) -> Self {
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("its port");
        let losses = Arc::new(AtomicU32::new(0));
        let left = Arc::clone(&losses);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), Arc::clone(&left)));
            }
        });
        Self { address, losses }
    }

    /// Loses that many answers from now on, and the connections with them.
    pub(crate) fn lose(&self, answers: u32) {
        self.losses.store(answers, Ordering::SeqCst);
    }

    /// Whether all of them are lost.
    pub(crate) fn all_lost(&self) -> bool {
        self.losses.load(Ordering::SeqCst) == 0
    }

    /// With the attempts that the functions make.
    pub(crate) fn config(&self) -> SdkConfig {
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(10));
        let config = emulator::config(&endpoint(self.address)).into_builder();
        config.retry_config(retries).build()
    }
}

async fn carry(
    mut client: TcpStream,
    upstream: String,
    losses: Arc<AtomicU32>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let (mut request, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => return Ok(()),
                count => server.write_all(&request[..count]).await?,
            },
            read = server.read(&mut answer) => {
                let count = read?;
                let lose = |left: u32| left.checked_sub(1);
                let lost = losses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok();
                if lost || count == 0 {
                    return Ok(());
                }
                client.write_all(&answer[..count]).await?;
            }
        }
    }
}

fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// One attempt a call, and not a long one: nothing is to come of it.
fn once(endpoint: &str) -> SdkConfig {
    let config = emulator::config(endpoint).into_builder();
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(2))
        .build();
    config
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build()
}
