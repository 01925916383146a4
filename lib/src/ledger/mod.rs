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
//! What is written is built in [`transition`], apart from the code that sends it and reads the
//! answer.
//!
//! Beside the events there are bodies, where a source refuses replays: `pk` = `provider/source#digest`
//! names the id that had the body first ([`Ledger::claim_body`]). No event has such a key.
//!
//! The item is found by its key alone (`pk` = `provider/source/id`). Two indexes list events, both
//! spread over shards so that no index partition takes more than a fraction of the writes:
//! `listing` (`provider/source#shard`, by time) has every event and is written once; `unsettled`
//! (`open#shard` or `failed#shard`, by the time at which somebody should look) has what has not
//! ended well, and an event leaves it when it is done.

mod claim;
mod contention;
mod digest;
mod item;
mod listing;
mod overdue;
mod receipt;
mod settle;
pub mod transition;

pub use claim::{Claim, Lease};
pub use digest::Body;
pub use item::{Item, PayloadTooLarge, UnreadableItem};
pub use listing::{Listing, Summary};
pub use overdue::Overdue;
pub use receipt::{Existing, Record};
pub use settle::{Settled, Settlement};

use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, Update};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::aws;
use crate::event::EventKey;
use crate::signature::sha256;
use crate::timestamp::Timestamp;

/// Shards of one source in the index `listing`. DynamoDB takes 1,000 writes a second in one index
/// partition; an event writes there once, so this carries some 14,000 events a second of one source
/// before its hottest shard is full (`lab scale` counts it).
pub const LISTING_SHARDS: u8 = 16;

/// Shards of each half of the index `unsettled`. An event is put there and taken away again, so
/// this carries some 13,000 events a second.
pub const UNSETTLED_SHARDS: u8 = 32;

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Recorded, waiting for the processor.
    Received,
    /// Claimed by an attempt whose lease has not ended.
    Processing,
    /// Processed; its transactional effect is committed.
    Done,
    /// A handler looked at it and had nothing to do.
    Ignored,
    /// Given up, with a cause; a redelivery starts it again.
    Failed,
}

impl Status {
    /// All of them, in the order of an event's life.
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::Processing,
        Self::Done,
        Self::Ignored,
        Self::Failed,
    ];

    /// The word in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// Reads the word in the ledger.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// DynamoDB did not do it: unreachable, throttled, too slow, or refused. Whether a write took
/// place is not known.
#[derive(Debug, thiserror::Error)]
#[error("the ledger cannot be reached ({code})")]
pub struct LedgerError {
    code: String,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

/// The ledger's table.
#[derive(Clone, Debug)]
pub struct Ledger {
    client: Client,
    table: String,
}

impl Ledger {
    /// The ledger in a table of that name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Opens the connection, so that the first event does not wait for it.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn warm(&self) -> Result<(), LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PK, text("warm"));
        request.projection_expression(PK).send().await?;
        Ok(())
    }

    /// The item of an event, read consistently.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer or the item cannot be read.
    pub async fn find(&self, key: &EventKey) -> Result<Option<Item>, LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true);
        let output = request.key(PK, text(key.to_string())).send().await?;
        Ok(output.item.map(Item::try_from).transpose()?)
    }

    /// A transition as a request of its own, whose answer brings `returned`.
    fn update(&self, update: Update, returned: ReturnValue) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .set_return_values_on_condition_check_failure(
                update.return_values_on_condition_check_failure,
            )
            .return_values(returned)
    }
}

const PK: &str = "pk";

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A history entry: when, in milliseconds since the Unix epoch, and what.
fn entry(now: Timestamp, what: &str) -> AttributeValue {
    AttributeValue::L(vec![text(format!("{} {what}", now.millis()))])
}

/// A name that no other write to the same event has: 72 random bits in 12 characters.
pub fn token() -> String {
    // Without the two bytes that hold the UUID's version and variant.
    let [a, b, c, d, e, f, _, _, _, g, h, i, ..] = Uuid::new_v4().into_bytes();
    URL_SAFE_NO_PAD.encode([a, b, c, d, e, f, g, h, i])
}

/// Spreads keys over `shards`: evenly where that is a power of two.
pub fn shard(pk: &str, shards: u8) -> u8 {
    sha256(pk.as_bytes())[0] % shards
}

fn listing_partition(provider: &str, source: &str, shard: u8) -> String {
    format!("{provider}/{source}#{shard:02}")
}

/// The half of the index `unsettled` in which an event is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsettled {
    /// Not ended: the relay looks here.
    Open,
    /// Ended badly: people look here.
    Failed,
}

impl Unsettled {
    fn partition(self, shard: u8) -> String {
        let half = match self {
            Self::Open => "open",
            Self::Failed => "failed",
        };
        format!("{half}#{shard:02}")
    }

    fn of(self, pk: &str) -> AttributeValue {
        text(self.partition(shard(pk, UNSETTLED_SHARDS)))
    }
}

impl<E, R> From<SdkError<E, R>> for LedgerError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = aws::code(&error);
        Self {
            code,
            source: Box::new(error),
        }
    }
}

impl From<UnreadableItem> for LedgerError {
    fn from(error: UnreadableItem) -> Self {
        Self {
            code: "unreadable item".to_owned(),
            source: Box::new(error),
        }
    }
}
