//! Processing, from the queue's record to the end of the event, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod attempts;
mod batch;
mod visibility;
mod workshop;
