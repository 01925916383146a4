//! What is wrong with a filter, and the next step.

use super::term::KEYS;

/// A filter that cannot be read. Each names the word that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A word without a colon.
    #[error(
        "{word}: a filter is key:value, such as status:failed; keys are {}",
        keys()
    )]
    NoKey {
        /// The word.
        word: String,
    },
    /// A word whose key there is not.
    #[error("{word}: there is no filter {key}; choose one of {}", keys())]
    UnknownKey {
        /// The word.
        word: String,
        /// Its key.
        key: String,
    },
    /// A word whose value its key does not take.
    #[error("{word}: {why}")]
    Value {
        /// The word.
        word: String,
        /// What is wrong with the value, and what would be right.
        why: String,
    },
    /// A key that may come once.
    #[error("{key}: is there twice; leave one out")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A quote that is not closed.
    #[error("{word}: the quote is not closed; put a \" at its end, or \\\" for one that is meant")]
    Quote {
        /// What stands from the quote on.
        word: String,
    },
}

fn keys() -> String {
    let names: Vec<_> = KEYS.iter().map(|key| key.to_string()).collect();
    format!("{} and data.path=value", names.join(", "))
}
