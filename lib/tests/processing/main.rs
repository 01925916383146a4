//! Processing, from the queue's record to the end of the event, against the emulator.

#[path = "../support/mod.rs"]
mod support;

mod alone;
mod attempts;
mod batch;
mod calls;
mod company;
mod effects;
mod old_messages;
mod pauses;
mod probes;
mod unreadable;
mod visibility;
mod waiting;
mod workshop;
