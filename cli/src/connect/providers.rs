//! The providers at which endpoints are registered by command, one line each.

use webhooks::provider_api::ProviderApi;
use webhooks::provider_hosts::ProviderHosts;

use super::access::Access;
use super::connector::Connector;
use super::given::{Given, Target};
use super::{github, gitlab, linear, stripe, telegram, twilio};
use crate::failure::Failure;

const ENTRIES: &[Entry] = &[
    github::ENTRY,
    stripe::ENTRY,
    twilio::ENTRY,
    gitlab::ENTRY,
    telegram::ENTRY,
    linear::ENTRY,
];

/// A provider at which endpoints are registered by command.
pub(crate) struct Entry {
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// The options that name a place there.
    pub(crate) options: &'static [&'static str],
    /// The form of a credential.
    pub(crate) form: &'static str,
    /// The least permission that is enough.
    pub(crate) right: &'static str,
    /// Opens its API.
    pub(crate) open: fn(&Given<'_>, ProviderHosts) -> Result<Opened, Failure>,
}

/// A provider's API that was opened.
pub(crate) struct Opened {
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) api: ProviderApi,
    /// Scheme, host and the beginning of every path.
    pub(crate) base: String,
    /// The secret parts of the credential.
    pub(crate) hidden: Vec<String>,
    /// The secret that the account's deliveries are signed with, if it is a part of the credential.
    pub(crate) own: Option<String>,
}

/// The way to a provider's API for one command.
pub(crate) struct Way {
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) access: Access,
    /// The secret that the account's deliveries are signed with, if it is a part of the credential.
    pub(crate) own: Option<String>,
}

/// The providers, by name.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.provider)
}

/// A provider's line.
///
/// # Errors
/// [`Failure`] with the providers that there are.
pub(crate) fn entry(provider: &str) -> Result<&'static Entry, Failure> {
    let found = ENTRIES.iter().find(|entry| entry.provider == provider);
    found.ok_or_else(|| {
        let names: Vec<_> = names().collect();
        Failure::usage(format!(
            "{provider} has no API for this, or none that is known here; webhooks providers {provider} says where \
             its URL and its secret are; these have one: {}",
            names.join(", ")
        ))
    })
}

impl Entry {
    /// Opens the provider's API for a credential and a place.
    ///
    /// # Errors
    /// [`Failure`] when they are of no use.
    pub(crate) fn open(
        &self,
        credential: &str,
        target: &Target,
        hosts: ProviderHosts,
        dry_run: bool,
    ) -> Result<Way, Failure> {
        let foreign = target
            .given()
            .find(|(name, _)| !self.options.contains(name));
        if let Some((name, _)) = foreign {
            return Err(Failure::usage(format!("{} has no --{name}", self.provider)));
        }
        let given = Given {
            credential,
            target,
            form: self.form,
        };
        let opened = (self.open)(&given, hosts)?;
        let access = Access {
            api: opened.api,
            base: opened.base,
            hidden: opened.hidden,
            right: self.right,
            dry_run,
        };
        Ok(Way {
            connector: opened.connector,
            access,
            own: opened.own,
        })
    }
}
