//! The way on which an event came.

use std::fmt;

/// The way on which an event came to the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A delivery whose signature holds.
    #[default]
    Delivered,
    /// The provider's API gave it to the reconciler, because no delivery of it had been recorded.
    Reconciled {
        /// True if the API keeps the bytes that it sent; else its JSON was written anew, and no signature
        /// holds over it.
        as_sent: bool,
    },
}

impl Origin {
    /// The word that the ledger keeps; none for what was delivered.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Delivered => None,
            Self::Reconciled { as_sent: true } => Some("reconciled"),
            Self::Reconciled { as_sent: false } => Some("reserialised"),
        }
    }

    /// Reads the word; what no delivery had is reconciled, whatever a later version says of it.
    pub(crate) fn of(word: Option<&str>) -> Self {
        match word {
            None => Self::Delivered,
            Some("reconciled") => Self::Reconciled { as_sent: true },
            Some(_) => Self::Reconciled { as_sent: false },
        }
    }

    /// True if the recorded bytes are those that the provider signs.
    pub const fn is_as_sent(self) -> bool {
        matches!(self, Self::Delivered | Self::Reconciled { as_sent: true })
    }
}

impl fmt::Display for Origin {
    /// As the first entry of a history tells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivered => "received",
            Self::Reconciled { as_sent: true } => {
                "reconciled: never received, fetched as it was sent"
            }
            Self::Reconciled { as_sent: false } => {
                "reconciled: never received, fetched from the API, which writes its JSON anew"
            }
        })
    }
}
