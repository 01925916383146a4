//! The ledger's transitions, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod claim;
mod overdue;
mod record;
mod settle;
