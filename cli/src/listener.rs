//! Listeners of our own, in front of programs that take what anybody sends.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A running HTTP listener; it ends when this goes. It has a thread of its own, because it may
/// outlive the runtime that started it.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens at an address.
    pub(crate) fn start(address: SocketAddr, router: Router) -> Result<Self, Failure> {
        let failure = |error| Failure::new(address, error);
        let listener = std::net::TcpListener::bind(address).map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        listener.set_nonblocking(true).map_err(failure)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failure)?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(JoinHandle::join);
    }
}

/// The host that a request was sent to, without its port.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get("host")?.to_str().ok()?;
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    Some(name.map_or(host, |(name, _)| name))
}

/// True if a host is this machine. A page that has its own name lead to this machine (DNS
/// rebinding) still sends that name.
pub(crate) fn is_local(host: &str) -> bool {
    ["127.0.0.1", "[::1]"].contains(&host) || host.eq_ignore_ascii_case("localhost")
}

/// The origins that providers' own programs name: GoCardless does. No page of a stranger's has them.
const PROVIDERS: [&str; 1] = ["https://api.gocardless.com"];

/// True if a browser sent a request for a page. Nothing that speaks to us is one.
pub(crate) fn is_from_page(headers: &HeaderMap) -> bool {
    let of_provider = |origin: &HeaderValue| PROVIDERS.iter().any(|known| origin == known);
    let mut origins = headers.get_all("origin").iter();
    headers.contains_key("sec-fetch-site") || !origins.all(of_provider)
}

/// Headers that are for one connection alone.
pub(crate) fn without_hops(mut headers: HeaderMap) -> HeaderMap {
    for name in [
        "connection",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        headers.remove(name);
    }
    headers
}
