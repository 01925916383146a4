//! The protocol of receivers, processors and relay, searched through in every order of its steps.

mod broken;
mod company;
mod fate;
mod item;
mod ledger;
mod looker;
mod memory;
mod moment;
mod mutant;
mod promises;
mod protocol;
mod receiver;
mod recovery;
mod relay;
mod search;
mod worker;
mod world;
