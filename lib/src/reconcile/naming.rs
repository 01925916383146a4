//! The names that events get, for lists that do not have them.

use super::archive::Copy;
use crate::provider::catalog;
use crate::provider::meaning::Meaning;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// The id that the provider gives to what a copy carries; none if it is not one event.
pub(super) fn id_of(provider: &str, copy: &Copy) -> Option<String> {
    let provider = catalog::by_name(provider)?;
    let verified = Verified::fetched(&copy.delivery, copy.as_sent, Timestamp::now());
    match provider.identify(&verified) {
        Ok(Meaning::Event(identity)) => Some(identity.id),
        _ => None,
    }
}
