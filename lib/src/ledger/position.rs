//! A place in the order of lists: newest first, and of one moment by key.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// A place in the order of lists. The smaller one comes first: the newer, and of one moment that with the
/// smaller key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The time of receipt.
    pub received_at: Timestamp,
    /// The key.
    pub key: EventKey,
}

/// The text is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position in a list: expected what a page gave as the next one")]
pub struct NotAPosition;

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        let newest_first = other.received_at.cmp(&self.received_at);
        newest_first.then_with(|| self.key.cmp(&other.key))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.received_at.millis(), self.key)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (millis, key) = text.split_once('/').ok_or(NotAPosition)?;
        Ok(Self {
            received_at: Timestamp::from_millis(millis.parse().map_err(|_| NotAPosition)?),
            key: key.parse().map_err(|_| NotAPosition)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(millis: i64, key: &str) -> Position {
        Position {
            received_at: Timestamp::from_millis(millis),
            key: key.parse().expect("a key"),
        }
    }

    #[test]
    fn the_newest_comes_first_and_then_the_smallest_key() {
        let sorted = [
            position(2, "a/b/c"),
            position(2, "a/b/d"),
            position(1, "a/b/a"),
        ];
        assert!(sorted.is_sorted());
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let there = position(-5, "github/default/1/2:x");
        assert_eq!(there.to_string().parse(), Ok(there));
        for text in ["", "5", "x/a/b/c", "5/a/b", "5/a/b/\u{1b}"] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text:?}");
        }
    }
}
