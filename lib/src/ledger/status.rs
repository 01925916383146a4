//! The status of an event.

/// The place of an event in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Recorded, waiting for the processor.
    Received,
    /// Claimed by an attempt whose lease has not ended.
    Processing,
    /// Processed; its transactional effect is committed.
    Done,
    /// A handler looked at it and had nothing to do.
    Ignored,
    /// Given up, with a cause; a redelivery starts it again.
    Failed,
}

impl Status {
    /// All of them, in the order of an event's life.
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::Processing,
        Self::Done,
        Self::Ignored,
        Self::Failed,
    ];

    /// The word in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// Reads the word in the ledger.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
