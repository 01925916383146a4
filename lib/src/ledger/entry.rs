//! The history of an event, read: an entry for each thing that happened to it.

use super::history::EARLIER;
use super::item::Item;
use super::replay::REPLAYED;
use crate::timestamp::Timestamp;

/// One thing that happened to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The time; none where the entry stands for several.
    pub at: Option<Timestamp>,
    /// The kind of thing.
    pub what: What,
    /// What there is to say about it, such as the cause.
    pub detail: Option<String>,
}

/// The kind of thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The first delivery.
    Received,
    /// The provider's API had it, and no delivery had come.
    Reconciled,
    /// The relay found that nobody had taken it.
    NotTaken,
    /// An attempt began.
    Attempt,
    /// An attempt ended, and another is due later.
    Retry,
    /// An attempt was put back before its handler ran.
    PutBack,
    /// It was processed.
    Done,
    /// A handler had nothing to do.
    Ignored,
    /// It was given up.
    Failed,
    /// A delivery started it again after it had failed.
    Redelivered,
    /// An operator did.
    Replayed,
    /// Earlier entries, which have made room.
    Earlier,
    /// An entry that this version does not know.
    Unknown,
}

/// The texts by which entries are known, and where the detail begins behind them.
const TEXTS: [(&str, What); 12] = [
    ("received again", What::Redelivered),
    ("received", What::Received),
    ("reconciled: ", What::Reconciled),
    ("not taken yet", What::NotTaken),
    ("processing", What::Attempt),
    ("to be tried again in ", What::Retry),
    ("put back for ", What::PutBack),
    ("done", What::Done),
    ("ignored", What::Ignored),
    ("failed: ", What::Failed),
    (REPLAYED, What::Replayed),
    (EARLIER, What::Earlier),
];

impl What {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Reconciled => "reconciled",
            Self::NotTaken => "not_taken",
            Self::Attempt => "attempt",
            Self::Retry => "retry",
            Self::PutBack => "put_back",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
            Self::Redelivered => "redelivered",
            Self::Replayed => "replayed",
            Self::Earlier => "earlier",
            Self::Unknown => "unknown",
        }
    }

    /// True for the end of an attempt.
    pub const fn ends_an_attempt(self) -> bool {
        matches!(
            self,
            Self::Retry | Self::PutBack | Self::Done | Self::Ignored | Self::Failed
        )
    }
}

impl Item {
    /// Everything that the ledger knows to have happened to the event, oldest first.
    pub fn timeline(&self) -> Vec<Entry> {
        self.state.history.iter().map(|entry| read(entry)).collect()
    }
}

fn read(entry: &str) -> Entry {
    let timed = entry.split_once(' ').and_then(|(time, what)| {
        let at: Timestamp = time.parse().ok()?;
        Some((Some(at), what))
    });
    let (at, text) = timed.unwrap_or((None, entry));
    let known = TEXTS
        .iter()
        .find_map(|(start, what)| Some((*what, text.strip_prefix(start)?)));
    let (what, rest) = known.unwrap_or((What::Unknown, text));
    let detail = rest.trim_start_matches([',', ' ']);
    Entry {
        at,
        what,
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_its_time_its_kind_and_its_detail() {
        let time = "2026-01-01T00:00:00.000Z";
        for (text, what, detail) in [
            ("received", What::Received, None),
            ("received again", What::Redelivered, None),
            (
                "received again, with another body",
                What::Redelivered,
                Some("with another body"),
            ),
            (
                "to be tried again in 60 s: busy",
                What::Retry,
                Some("60 s: busy"),
            ),
            ("failed: no, never", What::Failed, Some("no, never")),
            (
                "replayed by user/jane: fixed",
                What::Replayed,
                Some("user/jane: fixed"),
            ),
            ("vanished", What::Unknown, Some("vanished")),
        ] {
            let entry = read(&format!("{time} {text}"));
            assert_eq!(entry.at, time.parse().ok());
            assert_eq!((entry.what, entry.detail.as_deref()), (what, detail));
        }
        assert_eq!(read("earlier transitions: 3").what, What::Earlier);
        assert_eq!(read("earlier transitions: 3").at, None);
    }
}
