//! Receipt, from the gateway's event to the answer, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod answers;
mod batches;
mod cold_starts;
mod conflicts;
mod custom;
mod endpoint;
mod handshakes;
mod large;
mod outages;
mod published_keys;
mod publisher;
mod rate;
mod refusals;
mod replays;
mod secrets;
mod settings;
mod traces;
mod undecryptable;
