//! A dictionary for the compression of payloads.

/// A text that payloads share much with. Items name the one that packed them, so it must never
/// change: a better one has another name and comes before it.
#[derive(Debug)]
pub struct Dictionary {
    /// Its name in items.
    pub name: &'static str,
    /// The text: most typical at its end.
    pub text: &'static [u8],
}
