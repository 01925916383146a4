//! The ledger's transitions, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod both;
mod claim;
mod claims;
mod effects;
mod expressions;
mod history;
mod look;
mod overdue;
mod record;
mod reopen;
mod settle;
mod turns;
