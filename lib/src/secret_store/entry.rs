//! The sources that are at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::Source;

/// The sources that are at hand, by name.
pub(super) type Sources = BTreeMap<String, Entry>;

/// A source, and of which version its secret is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The version of the secret's parameter, if there is one.
    pub(super) version: Option<i64>,
    pub(super) source: Arc<Source>,
}
