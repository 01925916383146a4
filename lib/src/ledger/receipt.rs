//! The receipt: what arrived, written once.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{Attributes, PK, number, text};
use super::keys::receipt_key;
use super::reader::{Reader, UnreadableItem};
use super::shards::{LISTING_SHARDS, listing_partition, shard};
use crate::compression::NotPacked;
use crate::event::{Event, EventKey};
use crate::name;
use crate::object::Object;
use crate::origin::Origin;
use crate::packing;
use crate::payload::Payload;
use crate::timestamp::Timestamp;

/// The media type that an item does not name.
const JSON: &str = "application/json";

/// The attribute that says on which way an event came; one that was delivered has none.
pub(super) const ORIGIN: &str = "origin";

/// The attribute that says which secret has signed the delivery: the version of the parameter and the line, since
/// the line alone is another secret's after a rotation.
pub(super) const SIGNED_BY: &str = "signed_by";

/// What arrived: the event with its payload, as its first delivery brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The event: key, type, payload, time of receipt.
    pub event: Event<'static>,
    /// The time after which DynamoDB may remove it.
    pub expires_at: Timestamp,
    /// SHA-256 of the payload.
    digest: Vec<u8>,
}

impl Receipt {
    /// Compares an event's bytes with the recorded ones, which an API may have written anew.
    pub fn has_payload_of(&self, event: &Event<'_>) -> bool {
        !self.event.origin.is_as_sent() || self.digest == event.payload.digest()
    }
}

/// The compressed payload is larger than an item is to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is larger than the item may take")]
pub struct PayloadTooLarge;

/// The attributes of a new receipt, whose payload takes `largest` bytes at most.
pub(super) fn new_receipt(
    event: &Event<'_>,
    token: &str,
    expires_at: Timestamp,
    largest: usize,
) -> Result<Attributes, PayloadTooLarge> {
    let pk = receipt_key(&event.key);
    let listing = listing_partition(
        &event.key.provider,
        &event.key.source,
        shard(&pk, LISTING_SHARDS),
    );
    let mut item = Attributes::from([
        ("type".to_owned(), text(&event.kind)),
        ("received_at".to_owned(), number(event.received_at.millis())),
        ("expires_at".to_owned(), number(expires_at.seconds())),
        ("token".to_owned(), text(token)),
        ("listing".to_owned(), text(listing)),
        (
            "digest".to_owned(),
            AttributeValue::B(Blob::new(event.payload.digest())),
        ),
        (PK.to_owned(), text(pk)),
    ]);
    if let Some(traceparent) = &event.traceparent {
        item.insert("traceparent".to_owned(), text(traceparent));
    }
    if let Some(word) = event.origin.word() {
        item.insert(ORIGIN.to_owned(), text(word));
    }
    if let Some(place) = event.signed_by {
        item.insert(SIGNED_BY.to_owned(), text(place.to_string()));
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

/// What a delivery is compared with. It can be read of a receipt whose payload cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) token: String,
    digest: Vec<u8>,
    origin: Origin,
}

impl Mark {
    pub(super) fn of(attributes: &mut Attributes) -> Result<Self, UnreadableItem> {
        let mut item = Reader(attributes);
        Ok(Self {
            token: item.text("token")?,
            digest: item.bytes("digest")?,
            origin: Origin::of(item.text(ORIGIN).ok().as_deref()),
        })
    }

    /// True if the event has other bytes. Those that an API has written anew say nothing about it.
    pub(super) fn differs_from(&self, event: &Event<'_>) -> bool {
        self.origin.is_as_sent()
            && event.origin.is_as_sent()
            && self.digest != event.payload.digest()
    }
}

impl TryFrom<Attributes> for Receipt {
    type Error = UnreadableItem;

    fn try_from(mut attributes: Attributes) -> Result<Self, UnreadableItem> {
        let mut item = Reader(&mut attributes);
        let key: EventKey = item.text(PK)?.parse().map_err(|_| UnreadableItem(PK))?;
        let payload = payload(&mut item, &key)?;
        let kind = item.text("type")?;
        if !name::is_kind(&kind, &key.provider) {
            return Err(UnreadableItem("type"));
        }
        let event = Event {
            key,
            kind,
            received_at: Timestamp::from_millis(item.number("received_at")?),
            payload,
            traceparent: item.text("traceparent").ok(),
            origin: Origin::of(item.text(ORIGIN).ok().as_deref()),
            signed_by: item.text(SIGNED_BY).ok().and_then(|text| text.parse().ok()),
        };
        Ok(Self {
            event,
            expires_at: Timestamp::from_seconds(item.number("expires_at")?),
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
