//! The item: what the ledger keeps of one event.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{Attributes, PK, number, text};
use super::reader::{Reader, UnreadableItem};
use super::shards::{LISTING_SHARDS, Unsettled, listing_partition, shard};
use super::status::Status;
use crate::compression::NotPacked;
use crate::event::{Event, EventKey};
use crate::limits;
use crate::name;
use crate::object::Object;
use crate::packing;
use crate::payload::Payload;
use crate::timestamp::Timestamp;

/// The media type that an item does not name.
const JSON: &str = "application/json";

/// One event as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The event: key, type, payload, time of receipt.
    pub event: Event<'static>,
    /// Its status.
    pub status: Status,
    /// Attempts at processing since it was received, or received again after it had failed.
    pub attempts: u32,
    /// Deliveries after the first that changed nothing.
    pub duplicates: u32,
    /// Deliveries of the same id with another body.
    pub conflicts: u32,
    /// Deliveries that started it again after it had failed.
    pub redeliveries: u32,
    /// Sendings by the relay.
    pub resends: u32,
    /// The cause for which the last attempt did not succeed.
    pub cause: Option<String>,
    /// The end of the present attempt's lease.
    pub lease_until: Option<Timestamp>,
    /// The time at which the relay looks at it next, or at which it failed.
    pub overdue_at: Option<Timestamp>,
    /// Time and transition, oldest first.
    pub history: Vec<String>,
    /// The token of the last write: the receipt's, then each attempt's.
    pub(super) token: String,
    /// SHA-256 of the payload.
    pub(super) digest: Vec<u8>,
}

impl Item {
    /// Compares an event's bytes with the recorded ones.
    pub fn has_payload_of(&self, event: &Event<'_>) -> bool {
        self.digest == event.payload.digest()
    }
}

/// The compressed payload is larger than an item is to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is larger than the item may take")]
pub struct PayloadTooLarge;

/// The attributes of a new item, whose payload takes `largest` bytes at most.
pub(super) fn new_item(
    event: &Event<'_>,
    token: &str,
    expires_at: Timestamp,
    largest: usize,
) -> Result<Attributes, PayloadTooLarge> {
    let pk = event.key.to_string();
    let listing = listing_partition(
        &event.key.provider,
        &event.key.source,
        shard(&pk, LISTING_SHARDS),
    );
    let overdue_at = event.received_at.after(limits::GRACE);
    let mut item = Attributes::from([
        ("type".to_owned(), text(&event.kind)),
        ("status".to_owned(), text(Status::Received.as_str())),
        ("received_at".to_owned(), number(event.received_at.millis())),
        ("overdue_at".to_owned(), number(overdue_at.millis())),
        ("expires_at".to_owned(), number(expires_at.seconds())),
        ("attempts".to_owned(), number(0)),
        ("token".to_owned(), text(token)),
        ("listing".to_owned(), text(listing)),
        ("unsettled".to_owned(), Unsettled::Open.of(&pk)),
        (
            "digest".to_owned(),
            AttributeValue::B(Blob::new(event.payload.digest())),
        ),
        ("history".to_owned(), AttributeValue::L(Vec::new())),
        (PK.to_owned(), text(pk)),
    ]);
    if let Some(traceparent) = &event.traceparent {
        item.insert("traceparent".to_owned(), text(traceparent));
    }
    if event.payload.media_type != JSON {
        let media_type = text(event.payload.media_type.as_ref());
        item.insert("media_type".to_owned(), media_type);
    }
    if let Some(object) = &event.payload.object {
        item.insert("object".to_owned(), text(object.name()));
    } else {
        let stored = packing::stored(event);
        if stored.bytes.len() > largest {
            return Err(PayloadTooLarge);
        }
        item.insert(
            "payload".to_owned(),
            AttributeValue::B(Blob::new(stored.bytes)),
        );
        item.insert("encoding".to_owned(), text(stored.encoding));
    }
    Ok(item)
}

impl TryFrom<Attributes> for Item {
    type Error = UnreadableItem;

    fn try_from(mut attributes: Attributes) -> Result<Self, UnreadableItem> {
        let mut item = Reader(&mut attributes);
        let key: EventKey = item.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?;
        let payload = payload(&mut item, &key)?;
        let kind = item.text("type")?;
        if !name::is_kind(&kind, &key.provider) {
            return Err(UnreadableItem("type"));
        }
        let received_at = Timestamp::from_millis(item.number("received_at")?);
        let event = Event {
            key,
            kind,
            received_at,
            payload,
            traceparent: item.text("traceparent").ok(),
        };
        Ok(Self {
            event,
            status: Status::parse(&item.text("status")?).ok_or(UnreadableItem("status"))?,
            attempts: item.count("attempts"),
            duplicates: item.count("duplicates"),
            conflicts: item.count("conflicts"),
            redeliveries: item.count("redeliveries"),
            resends: item.count("resends"),
            cause: item.text("cause").ok(),
            lease_until: item.number("lease_until").ok().map(Timestamp::from_millis),
            overdue_at: item.number("overdue_at").ok().map(Timestamp::from_millis),
            history: history(item.texts("history"), received_at),
            token: item.text("token")?,
            digest: item.bytes("digest")?,
        })
    }
}

fn payload(item: &mut Reader<'_>, key: &EventKey) -> Result<Payload<'static>, UnreadableItem> {
    let media_type = item.text("media_type").unwrap_or(JSON.to_owned());
    if let Ok(name) = item.text("object") {
        let object = Object::parse(&name, &key.provider, &key.source);
        let object = object.ok_or(UnreadableItem("object"))?;
        return Ok(Payload::at(media_type, object));
    }
    let stored = item.bytes("payload")?;
    let bytes = packing::unpack(&stored, &item.text("encoding")?)
        .map_err(|NotPacked| UnreadableItem("payload"))?;
    Ok(Payload::new(media_type, bytes))
}

/// The entries with their times as people write them, after the receipt, which has none.
fn history(entries: Vec<String>, received_at: Timestamp) -> Vec<String> {
    let received = format!("{received_at} received");
    let told = entries.into_iter().map(told);
    std::iter::once(received).chain(told).collect()
}

fn told(entry: String) -> String {
    let told = entry.split_once(' ').and_then(|(millis, what)| {
        let time = Timestamp::from_millis(millis.parse().ok()?);
        Some(format!("{time} {what}"))
    });
    told.unwrap_or(entry)
}
