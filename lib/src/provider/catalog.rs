//! The list of all providers.

use super::Explained;
use super::adyen::ADYEN;
use super::hubspot::HUBSPOT;
use super::mandrill::MANDRILL;
use super::monday::MONDAY;
use super::msgraph::MSGRAPH;
use super::netlify::NETLIFY;
use super::table::ROWS;
use super::twilio::TWILIO;

/// Those whose signature is code.
static CODED: &[&dyn Explained] = &[ADYEN, HUBSPOT, MANDRILL, MONDAY, MSGRAPH, NETLIFY, TWILIO];

/// Every provider: the rows of the table, and those that are code.
pub fn all() -> impl Iterator<Item = &'static dyn Explained> {
    ROWS.iter().chain(CODED).copied()
}

/// The provider of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Explained> {
    all().find(|provider| provider.profile().name == name)
}

/// The names of all providers.
pub fn names() -> Vec<&'static str> {
    all().map(|provider| provider.profile().name).collect()
}
