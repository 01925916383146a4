//! Events as the library makes them, and the moments at which they happen.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use webhooks::envelope::Message;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Claim, Item, Lease, Ledger, Record, Settled, Settlement, Turn};
use webhooks::limits::{ITEM_PAYLOAD_AT_MOST, LOOK_AFTER};
use webhooks::signature::sha256;
use webhooks::timestamp::Timestamp;

use super::unique;

/// When it all begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// Later than any clock says, because the emulator removes what has expired.
pub(crate) const FAR: Timestamp = Timestamp::from_seconds(4_102_444_800);

/// A moment so many seconds after the beginning.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START.seconds() + seconds)
}

/// The key of an event that nobody has heard of.
pub(crate) fn fresh_key() -> EventKey {
    key_in("default")
}

/// The same in a source.
pub(crate) fn key_in(source: &str) -> EventKey {
    EventKey {
        provider: "github".to_owned(),
        source: source.to_owned(),
        id: unique("id"),
    }
}

/// Fresh keys of one source that lie together in the first of so many shards.
pub(crate) fn keys_in_one_shard(shards: u8, source: &str, count: usize) -> Vec<EventKey> {
    keys_in_shard(0, shards, source, count)
}

/// Fresh keys of one source that lie together in that one of so many shards.
pub(crate) fn keys_in_shard(number: u8, shards: u8, source: &str, count: usize) -> Vec<EventKey> {
    let shard = |key: &EventKey| sha256(key.to_string().as_bytes())[0] % shards;
    let keys = std::iter::repeat_with(|| key_in(source));
    keys.filter(|key| shard(key) == number)
        .take(count)
        .collect()
}

/// An event of that key: a push with a small payload, received at the beginning.
pub(crate) fn event(key: &EventKey) -> Event<'static> {
    event_of(key, "github.push", START, br#"{"n":1}"#)
}

/// An event with everything given. From outside the library only a message can carry it.
pub(crate) fn event_of(
    key: &EventKey,
    kind: &str,
    received_at: Timestamp,
    bytes: &[u8],
) -> Event<'static> {
    let message = json!({
        "specversion": "1.0",
        "id": key.id,
        "source": key.route(),
        "type": kind,
        "time": received_at.to_string(),
        "datacontenttype": "application/json",
        "data_base64": STANDARD.encode(bytes),
    });
    let message = Message::read(&message.to_string()).expect("a message of ours");
    message.whole.expect("it carries the event")
}

/// Records an event that the ledger does not have.
pub(crate) async fn record(ledger: &Ledger, event: &Event<'_>) {
    let record = ledger
        .record(event, &unique("token"), FAR, ITEM_PAYLOAD_AT_MOST)
        .await;
    assert!(matches!(record, Ok(Record::New)), "{record:?}");
}

/// Claims an event that can be claimed, side by side with others.
pub(crate) async fn claim(ledger: &Ledger, key: &EventKey, now: Timestamp) -> (Lease, Item) {
    claim_in(Turn::Together, ledger, key, now).await
}

/// Claims an event that can be claimed in that turn.
pub(crate) async fn claim_in(
    turn: Turn,
    ledger: &Ledger,
    key: &EventKey,
    now: Timestamp,
) -> (Lease, Item) {
    match ledger.claim(key, turn, now).await {
        Ok(Claim::Mine(lease)) => (lease, item(ledger, key).await),
        other => panic!("not claimed: {other:?}"),
    }
}

/// Lists an event in `overdue`, as the relay does a moment after its receipt when it has not ended.
/// `recorded_at` is when the table's stream says that it was recorded.
pub(crate) async fn missed_at(ledger: &Ledger, key: &EventKey, recorded_at: Timestamp) {
    let now = recorded_at.after(LOOK_AFTER);
    let found = ledger.look(std::slice::from_ref(key)).await;
    let found = found.expect("DynamoDB answers");
    let [(_, look)] = found.as_slice() else {
        panic!("it has ended, or is listed: {found:?}")
    };
    let listed = ledger.list_as_overdue(key, *look, recorded_at, now).await;
    assert!(listed.expect("DynamoDB answers"), "{look:?}");
}

/// The same for an event that was recorded at the beginning.
pub(crate) async fn missed(ledger: &Ledger, key: &EventKey) {
    missed_at(ledger, key, START).await;
}

/// Starts a failed event again; says whether it did.
pub(crate) async fn reopen(ledger: &Ledger, key: &EventKey, token: &str, now: Timestamp) -> bool {
    let reopened = ledger.reopen(key, token, false, FAR, now).await;
    reopened.expect("DynamoDB answers")
}

/// Claims an event and ends it so.
pub(crate) async fn end(ledger: &Ledger, key: &EventKey, settlement: Settlement, now: Timestamp) {
    let (lease, _) = claim(ledger, key, now).await;
    let settled = ledger.settle(&lease, settlement, FAR, now).await;
    assert_eq!(settled.expect("DynamoDB answers"), Settled::Written);
}

/// The item of an event that the ledger has.
pub(crate) async fn item(ledger: &Ledger, key: &EventKey) -> Item {
    let found = ledger.find(key).await.expect("DynamoDB answers");
    found.expect("an item")
}

pub(crate) fn failed(cause: &str) -> Settlement {
    Settlement::Failed {
        cause: cause.to_owned(),
    }
}

/// The end of an attempt after which the event is tried again in so many seconds.
pub(crate) fn retry(seconds: u64) -> Settlement {
    Settlement::Retry {
        cause: "busy".to_owned(),
        pause: Duration::from_secs(seconds),
    }
}

/// Bytes that no compression makes smaller.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes()
    });
    words.flatten().take(length).collect()
}
