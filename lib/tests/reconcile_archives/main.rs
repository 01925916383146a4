//! What providers' APIs know of deliveries, against servers that answer as the providers document, which the
//! providers' own SDKs can read as well.

#[path = "../deliveries/mod.rs"]
mod deliveries;
#[path = "../support/mod.rs"]
mod support;

mod api;
mod case;
mod every;
mod gitlab;
mod sent;
mod walk;
