//! Who is in the process beside an attempt.
//!
//! An event can end its process, eat its memory or block its thread, and everything that was claimed in
//! the same process ends with it. So what comes for the first time is handled side by side; whatever has
//! been taken before, and ended without a word, is handled alone; and what has ended alone without a
//! word comes last. Only an attempt that was alone counts though it has no end.

/// Who is in the process beside an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// Other events of the batch. What another attempt has left behind is not taken.
    Together,
    /// Nobody.
    Alone,
    /// Nobody, and what has ended alone before is taken too.
    Last,
}

impl Turn {
    /// True if no other event is in the process.
    pub const fn is_alone(self) -> bool {
        matches!(self, Self::Alone | Self::Last)
    }
}
