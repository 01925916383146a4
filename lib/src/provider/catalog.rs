//! The list of all providers.

use super::table::ROWS;
use super::twilio::TWILIO;
use super::{Explained, Provider};

/// Every provider: the rows of the table, and those that are code.
pub fn all() -> impl Iterator<Item = &'static dyn Explained> {
    let rows = ROWS.iter().copied();
    let rows = rows.map(|row| -> &'static dyn Explained { row });
    rows.chain([TWILIO])
}

/// The provider of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Explained> {
    all().find(|provider| provider.profile().name == name)
}

/// The names of all providers.
pub fn names() -> Vec<&'static str> {
    let name = |provider: &'static dyn Explained| Provider::profile(provider).name;
    all().map(name).collect()
}
