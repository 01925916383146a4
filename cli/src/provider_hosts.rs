//! A stand-in for the providers' own hosts, with the keys of development.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::{StatusCode, Uri};
use webhooks::provider::catalog;
use webhooks::provider::publication::Publication;
use webhooks::scheme::development;

use crate::failure::Failure;
use crate::listener::Listener;

/// Opens the stand-in, with the paths of an API.
pub(crate) fn open(api: Router) -> Result<Listener, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Listener::start(address, api.fallback(answer))
}

async fn answer(uri: Uri) -> (StatusCode, Vec<u8>) {
    // Where a provider asks for it to be read: that it was is all that it wants.
    if uri.path() == "/" {
        return (StatusCode::OK, Vec::new());
    }
    let mut published = publications().filter(|published| published.path == uri.path());
    match published.next() {
        Some(published) => (StatusCode::OK, published.text),
        None => (StatusCode::NOT_FOUND, Vec::new()),
    }
}

/// What the providers publish of the keys of development.
fn publications() -> impl Iterator<Item = Publication> {
    catalog::all().filter_map(|provider| {
        let secret = provider.secret_of(&development::text(provider.profile().name));
        provider.publication(&secret)
    })
}
