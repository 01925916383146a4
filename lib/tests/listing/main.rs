//! Lists of events, against the emulator. Every test lists a source of its own.

#[path = "../support/mod.rs"]
mod support;

mod lines;
mod pages;
mod scene;
mod shards;
