//! An operator's replay: who starts a failed event again, and why.

/// Longest reason, in bytes. A state stays small, whoever writes into its history.
pub const REASON: usize = 120;

/// Longest name of a caller, in bytes.
const CALLER: usize = 60;

/// Stands before the caller's name in the history.
pub(super) const REPLAYED: &str = "replayed by ";

/// Who starts failed events again, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    by: String,
    reason: String,
}

impl Replay {
    /// A replay by that caller for that reason. What is too long for a history is cut.
    pub fn new(by: &str, reason: &str) -> Self {
        Self {
            by: cut(by, CALLER).to_owned(),
            reason: cut(reason, REASON).to_owned(),
        }
    }

    /// The caller's name, as the history keeps it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The reason, as the history keeps it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The entry in the history, without its time.
    pub(super) fn entry(&self) -> String {
        format!("{REPLAYED}{}: {}", self.by, self.reason)
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let replay = Replay::new(&"ä".repeat(100), &"€".repeat(100));
        assert_eq!(replay.by(), "ä".repeat(30));
        assert_eq!(replay.reason(), "€".repeat(40));
    }
}
