//! The hold of an attempt on an event.

use crate::event::EventKey;

/// An attempt's hold on an event. Everything the attempt writes depends on its token, so an
/// attempt that was taken over cannot overwrite its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) key: EventKey,
    pub(super) token: String,
}
