//! The history of an event: an entry for each transition, and no more of them than an item takes.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::text;
use crate::limits;
use crate::timestamp::Timestamp;

/// An entry: when, in milliseconds since the Unix epoch, and what.
pub(super) fn entry(now: Timestamp, what: &str) -> String {
    format!("{} {what}", now.millis())
}

/// A list of entries, as the item has it.
pub(super) fn list(entries: impl IntoIterator<Item = String>) -> AttributeValue {
    AttributeValue::L(entries.into_iter().map(text).collect())
}

/// The entries with one more. Where they are too many bytes, the oldest make room, and an entry in
/// their place says how many they were.
pub(super) fn with(mut entries: Vec<String>, entry: String) -> Vec<String> {
    entries.push(entry);
    let size = |entries: &[String]| entries.iter().map(String::len).sum::<usize>();
    let mut left_out = 0;
    while size(&entries) > limits::HISTORY && entries.len() > 2 {
        left_out += earlier(&entries[0]).unwrap_or(1);
        entries.remove(0);
    }
    if left_out > 0 {
        entries.insert(0, format!("{EARLIER}{left_out}"));
    }
    entries
}

/// Stands before the number of entries that have made room.
pub(super) const EARLIER: &str = "earlier transitions: ";

/// The number of entries that have made room, if this is the entry that says so.
pub(super) fn earlier(entry: &str) -> Option<u32> {
    entry.strip_prefix(EARLIER)?.parse().ok()
}

/// An entry with its time as people write it.
pub(super) fn told(entry: String) -> String {
    let told = entry.split_once(' ').and_then(|(millis, what)| {
        let time = Timestamp::from_millis(millis.parse().ok()?);
        Some(format!("{time} {what}"))
    });
    told.unwrap_or(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_make_room_and_are_counted() {
        let now = Timestamp::from_seconds(1_767_225_600);
        let cause = "x".repeat(limits::CAUSE);
        let mut entries = Vec::new();
        for number in 0..100 {
            entries = with(entries, entry(now, &format!("{number} {cause}")));
            let size: usize = entries.iter().map(String::len).sum();
            assert!(size <= limits::HISTORY + 32, "{size}");
        }
        assert!(entries.last().expect("one").contains(" 99 "), "{entries:?}");
        let kept = u32::try_from(entries.len() - 1).expect("few");
        assert_eq!(earlier(&entries[0]), Some(100 - kept));
    }

    #[test]
    fn a_short_history_is_whole() {
        let now = Timestamp::from_seconds(0);
        let two = with(
            with(Vec::new(), entry(now, "processing")),
            entry(now, "done"),
        );
        assert_eq!(two, ["0 processing", "0 done"]);
        assert_eq!(told(two[1].clone()), "1970-01-01T00:00:00.000Z done");
    }
}
