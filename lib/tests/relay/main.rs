//! The relay, against the emulator. Every test has a ledger of its own, because the relay looks
//! through all of it.

#[path = "../support/mod.rs"]
mod support;

mod backlog;
mod fairness;
mod keeping;
mod look;
mod outages;
mod overdue;
mod scene;
