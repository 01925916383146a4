//! The list of all providers.

use super::Explained;
use super::table::ROWS;
use super::twilio::TWILIO;

/// Every provider: the rows of the table, and those that are code.
pub fn all() -> impl Iterator<Item = &'static dyn Explained> {
    ROWS.iter().copied().chain([TWILIO])
}

/// The provider of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Explained> {
    all().find(|provider| provider.profile().name == name)
}

/// The names of all providers.
pub fn names() -> Vec<&'static str> {
    all().map(|provider| provider.profile().name).collect()
}
