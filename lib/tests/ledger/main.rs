//! The ledger's transitions, against the emulator.

#[path = "../support/mod.rs"]
mod support;

#[path = "../model/expression/mod.rs"]
mod expression;

mod claim;
mod expressions;
mod overdue;
mod record;
mod settle;
