//! Receipt, from the gateway's event to the answer, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod endpoint;
mod large;
mod outages;
mod refusals;
mod secrets;
mod settings;
mod traces;
mod undecryptable;
