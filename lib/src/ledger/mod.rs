//! The ledger: one DynamoDB item per event, with its payload, its status and its history.
//!
//! Each transition is one conditional write, so that any two that race have one winner:
//!
//! | from | by | to | here |
//! | --- | --- | --- | --- |
//! | (none) | receiver | `received` | [`Ledger::record`] |
//! | `failed` | receiver, on redelivery | `received` | [`Ledger::reopen`] |
//! | `received`, or `processing` with an expired lease | processor | `processing` | [`Ledger::claim`] |
//! | `processing`, token is mine | processor | `done`, `ignored`, `failed`, `received` | [`Ledger::settle`] |
//! | overdue and not ended | relay | the same, overdue later | [`Ledger::postpone`] |
//!
//! Each write is built in [`transition`], apart from the code that sends it and reads the answer.
//!
//! Beside the events there are bodies, where a source refuses replays: `pk` = `provider/source#digest`
//! names the id that had the body first ([`Ledger::claim_body`]). No event has such a key.
//!
//! An item is found only by its key (`pk` = `provider/source/id`). Two indexes list events, both
//! spread over shards so that no index partition takes more than a fraction of the writes:
//! `listing` (`provider/source#shard`, by time) has every event and is written once; `unsettled`
//! (`open#shard` or `failed#shard`, by the time at which somebody should look) has what has not
//! ended well, and an event leaves it when it is done.

mod attributes;
mod claim;
mod contention;
mod digest;
mod error;
mod item;
mod lease;
mod listing;
mod overdue;
mod postpone;
mod reader;
mod receipt;
mod settle;
mod settlement;
mod shards;
mod status;
mod table;
mod token;
pub mod transition;

pub use claim::Claim;
pub use digest::Body;
pub use error::LedgerError;
pub use item::{Item, PayloadTooLarge};
pub use lease::Lease;
pub use listing::{Listing, Summary};
pub use overdue::Overdue;
pub use reader::UnreadableItem;
pub use receipt::{Existing, Record};
pub use settle::Settled;
pub use settlement::Settlement;
pub use shards::{LISTING_SHARDS, UNSETTLED_SHARDS, shard};
pub use status::Status;
pub use table::Ledger;
pub use token::token;
