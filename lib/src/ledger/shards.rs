//! The partitions of the two indexes.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::text;
use super::keys::receipt_key;
use crate::event::EventKey;
use crate::signature::sha256;

/// Shards of one source in the index `listing`. DynamoDB takes 1,000 writes a second in one index
/// partition; an event writes there once, so this carries some 14,000 events a second of one source
/// before its hottest shard is full (`lab scale` counts it).
pub const LISTING_SHARDS: u8 = 16;

/// Shards of each half of the index `overdue`. Only what has not ended well at the first try is there.
/// When nothing is processed that is every event: it is put there, moved on and taken away again, so
/// this carries some 13,000 events a second.
pub const OVERDUE_SHARDS: u8 = 32;

/// Spreads keys over `shards`: evenly where that is a power of two.
pub fn shard(pk: &str, shards: u8) -> u8 {
    sha256(pk.as_bytes())[0] % shards
}

pub(super) fn listing_partition(provider: &str, source: &str, shard: u8) -> String {
    format!("{provider}/{source}#{shard:02}")
}

/// The half of the index `overdue` in which an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// Events that have not ended: the relay looks here.
    Open,
    /// Events that have failed: people look here.
    Failed,
}

impl Half {
    pub(super) fn partition(self, shard: u8) -> String {
        let half = match self {
            Self::Open => "open",
            Self::Failed => "failed",
        };
        format!("{half}#{shard:02}")
    }

    pub(super) fn of(self, key: &EventKey) -> AttributeValue {
        text(self.partition(shard(&receipt_key(key), OVERDUE_SHARDS)))
    }
}
