//! The ledger: of each event its receipt, written once with the payload, and its state, which is small
//! and is what transitions write.
//!
//! Each transition is one conditional write, so that any two that race have one winner:
//!
//! | from | by | to | here |
//! | --- | --- | --- | --- |
//! | (none) | receiver | a receipt: `received` | [`Ledger::record`] |
//! | `received`, `waiting` and due, or `processing` with an expired lease | processor | `processing` | [`Ledger::claim`] |
//! | `received`, ten at a time | processor | `processing` | [`Ledger::claim_new`] |
//! | `processing`, token is mine | processor | `done`, `ignored`, `failed`, `waiting` | [`Ledger::settle`] |
//! | `failed` | receiver, on redelivery | `waiting`, due now | [`Ledger::reopen`] |
//! | `failed` | operator | `waiting`, due now | [`Ledger::replay`] |
//! | `received`, a moment after the receipt | relay, told by the table's stream | `waiting`, due now | [`Ledger::list_as_overdue`] |
//! | `processing` at that moment | the same | the same, listed in `overdue` | [`Ledger::list_as_overdue`] |
//! | listed and overdue | relay | the same, overdue later | [`Ledger::postpone`] |
//!
//! Each write is built in [`transition`], apart from the code that sends it and reads the answer.
//!
//! Beside the events there are bodies, where a source refuses replays: `pk` = `provider/source#digest`
//! names the id that had the body first ([`Ledger::claim_body`]). And for minutes a secret that a provider has
//! brought: `provider/source#pairing` ([`Ledger::offer`]); and how far a source was compared with what its
//! provider says it sent: `provider/source#watermark` ([`Ledger::watermark`]); and what an operator has said about a
//! group of failures: `#issue/key` ([`Ledger::mark_issue`]), and which sources are paused: `#pauses` ([`Ledger::pause`]). No event has such a key.
//!
//! An event is found only by its keys: `pk` = `provider/source/id` for the receipt,
//! `provider/source#state/id` for the state. Two indexes list events, both spread over shards so that no
//! index partition takes more than a fraction of the writes: `listing` (`provider/source#shard`, by
//! time) has every receipt; `overdue` (`open#shard` or `failed#shard`, by the time at which somebody
//! should look) has the states of what did not end well at the first try. So an event that does costs
//! four writes: receipt, entry in `listing`, claim, settlement.
//!
//! What has not ended does not expire: a state has its time only once it has ended, and the relay keeps
//! the receipt of what goes on for long.

mod absent;
mod adopt;
mod attributes;
mod claim;
mod claim_new;
mod contention;
mod digest;
mod entry;
mod error;
mod history;
mod hold;
mod issue_mark;
mod item;
mod keys;
mod lease;
mod legality;
mod listed;
mod listing;
mod look;
mod overdue;
mod pairing;
mod pause;
mod position;
mod postpone;
mod reader;
mod receipt;
mod record;
mod record_new;
mod replay;
mod settle;
mod settlement;
mod shards;
mod signers;
mod state;
mod status;
mod table;
mod token;
pub mod transition;
mod turn;
mod watermark;
mod writes;

pub use adopt::Adopted;
pub use claim::Claim;
pub use digest::Body;
pub use entry::{Entry, What};
pub use error::LedgerError;
pub use issue_mark::{IssueMark, MarkKind};
pub use item::Item;
pub use lease::{Held, Lease};
pub use legality::Illegal;
pub use listed::{Listed, Range};
pub use listing::{Listing, Summary};
pub use look::Look;
pub use overdue::Overdue;
pub use pairing::Offer;
pub use pause::{Pause, Pauses};
pub use position::{NotAPosition, Position};
pub use reader::UnreadableItem;
pub use receipt::{PayloadTooLarge, Receipt};
pub use record::{Existing, Record};
pub use replay::{REASON, Replay};
pub use settle::Settled;
pub use settlement::Settlement;
pub use shards::{LISTING_SHARDS, OVERDUE_SHARDS, shard};
pub use signers::Signer;
pub use state::State;
pub use status::Status;
pub use table::Ledger;
pub use token::token;
pub use turn::Turn;
pub use watermark::{Gap, Walk, Watermark};
pub use writes::{TooManyWrites, Writes};
