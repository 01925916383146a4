//! `lab simulate`: the functions' own code under simulated time, network and AWS, from a seed of 8 bytes.
//!
//! A world is some dozens of events in some minutes: deliveries that come twice, changed and again,
//! calls that break in every way, services that are down, processes that end anywhere, messages that come
//! twice or are lost, handlers that fail, wait, panic and end their process. Then nothing breaks any more,
//! and everything has to come to its end. Each world has a seed of its own; one that breaks a promise
//! prints it, and the same seed makes the same world again.
//!
//! Left out is S3: payloads here are small.

mod attribute;
pub mod command;
mod deliveries;
mod dynamodb;
mod fleet;
mod handlers;
mod judge;
mod network;
pub mod pairs;
mod sqs;
mod world;

pub use judge::Outcome;
pub use world::{Crew, live};

/// When every simulation begins, in milliseconds since the Unix epoch.
const BEGINNING: i64 = 1_767_225_600_000;
