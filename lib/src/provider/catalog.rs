//! The list of all providers.

use super::Explained;
use super::adyen::ADYEN;
use super::custom::CUSTOM;
use super::hubspot::HUBSPOT;
use super::jiraconnect::JIRACONNECT;
use super::mandrill::MANDRILL;
use super::monday::MONDAY;
use super::msgraph::MSGRAPH;
use super::netlify::NETLIFY;
use super::paypal::PAYPAL;
use super::plaid::PLAID;
use super::sns::SNS;
use super::table::ROWS;
use super::twilio::TWILIO;

/// Those whose signature is code.
static CODED: &[&dyn Explained] = &[
    ADYEN,
    HUBSPOT,
    JIRACONNECT,
    MANDRILL,
    MONDAY,
    MSGRAPH,
    NETLIFY,
    PAYPAL,
    PLAID,
    SNS,
    TWILIO,
];

/// Every provider that is known: the rows of the table, and those that are code.
pub fn all() -> impl Iterator<Item = &'static dyn Explained> {
    ROWS.iter().chain(CODED).copied()
}

/// The provider of that name: a known one, or the one that its sources describe.
pub fn by_name(name: &str) -> Option<&'static dyn Explained> {
    all()
        .chain([CUSTOM])
        .find(|provider| provider.profile().name == name)
}

/// The names of all providers, with that of those that their sources describe.
pub fn names() -> Vec<&'static str> {
    all()
        .chain([CUSTOM])
        .map(|provider| provider.profile().name)
        .collect()
}
