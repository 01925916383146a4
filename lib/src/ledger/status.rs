//! The status of an event.

/// The place of an event in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Recorded, and not taken yet.
    #[default]
    Received,
    /// Claimed by an attempt whose lease has not ended.
    Processing,
    /// To be taken at a known time: once more, or after all.
    Waiting,
    /// Processed; its transactional effect is committed.
    Done,
    /// A handler looked at it and had nothing to do.
    Ignored,
    /// Given up, with a cause; a redelivery starts it again.
    Failed,
}

impl Status {
    /// All of them, in the order of an event's life.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Processing,
        Self::Waiting,
        Self::Done,
        Self::Ignored,
        Self::Failed,
    ];

    /// The word in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// True if nothing more happens to the event by itself.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Ignored | Self::Failed)
    }

    /// Reads the word in the ledger.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
