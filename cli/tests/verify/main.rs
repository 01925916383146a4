//! `webhooks verify`, run as the binary that people run. Every run also asserts that neither a

mod body;
mod clock;
mod gateway_event;
mod header;
mod request;
mod secret;
mod unexplained;
mod url;
mod usage;
mod valid;
mod vectors;
