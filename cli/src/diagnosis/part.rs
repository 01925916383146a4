//! A part of a URL as it may have been signed.

/// One part of the URL, as it is or changed.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) text: String,
    /// The change that was made to it; empty for none.
    pub(super) change: String,
}

impl Part {
    pub(super) fn kept(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            change: String::new(),
        }
    }

    pub(super) fn changed(text: impl Into<String>, change: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            change: change.into(),
        }
    }
}
