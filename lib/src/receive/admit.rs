//! What a delivery has to pass before it is believed: its source's method, address and rate, and its
//! signature.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::receipt::{Notes, Stop, stop};
use super::{Arrival, Receiver, throttled, unauthenticated};
use crate::answer::Answer;
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::limits;
use crate::provider::Provider;
use crate::provider::handshake::Handshake;
use crate::published_keys::NoKey;
use crate::rejection::Rejection;
use crate::secret::Secret;
use crate::secret_store::Lookup;
use crate::source::{NoSecret, Source};
use crate::source_settings::{self, Addresses, AddressesUnavailable, SourceSettings};
use crate::verified::Verified;
use crate::verify::verify;

impl Receiver {
    /// The source and its settings, if it takes such a delivery: by method, address and rate. A
    /// source that is not there answers as one does that has no settings.
    pub(super) async fn admit(
        &self,
        arrival: &Arrival<'_>,
        handshake: Option<&Handshake>,
        notes: &mut Notes,
    ) -> Result<(Arc<Source>, Arc<SourceSettings>), Stop> {
        let source = match self.secrets.source(&arrival.source) {
            Lookup::Known(source) => Some(source),
            Lookup::Unknown => None,
            Lookup::Unavailable => return Err(stop(Answer::Unavailable, "secrets_unavailable")),
        };
        let settings = match source.as_deref().map(|source| &source.settings) {
            Some(Ok(settings)) => Arc::clone(settings),
            Some(Err(_)) => return Err(stop(Answer::Unavailable, "invalid_settings")),
            None => Arc::new(SourceSettings::default_for(self.provider.profile())),
        };
        let is_method = |handshake: &Handshake| handshake.method == arrival.method;
        if !settings.methods.contains(&arrival.method) && !handshake.is_some_and(is_method) {
            return Err(stop(Answer::MethodNotAllowed, "method"));
        }
        let source = source.ok_or(stop(Answer::Unauthenticated, "no_such_source"))?;
        self.check_address(&settings, arrival, notes).await?;
        let room = |rate| self.rates.has_room(&arrival.source, rate, arrival.now);
        if !settings.rate.is_none_or(room) {
            return Err(throttled());
        }
        Ok((source, settings))
    }

    async fn check_address(
        &self,
        settings: &SourceSettings,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<(), Stop> {
        let allowed = match &settings.addresses {
            None => return Ok(()),
            Some(Addresses::Networks(networks)) => holds(networks, arrival.address),
            Some(Addresses::Published(list)) => {
                let networks = self.addresses.networks(*list, arrival.now);
                let networks = arrival
                    .deadline
                    .within(limits::ADDRESSES, limits::LAST_STEPS, networks)
                    .await;
                match (networks.ok().flatten(), settings.addresses_unavailable) {
                    (Some(networks), _) => holds(&networks, arrival.address),
                    (None, AddressesUnavailable::Accept) => {
                        notes.addresses_unavailable = true;
                        true
                    }
                    (None, AddressesUnavailable::Refuse) => {
                        return Err(stop(Answer::Unavailable, "addresses_unavailable"));
                    }
                }
            }
        };
        if allowed {
            Ok(())
        } else {
            Err(stop(Answer::Unauthenticated, "address_not_allowed"))
        }
    }

    /// Checks the signature.
    pub(super) async fn check<'a>(
        &self,
        provider: &dyn Provider,
        delivery: &'a Delivery,
        source: &Source,
        arrival: &Arrival<'_>,
    ) -> Result<Verified<'a>, Stop> {
        let unusable = |problem: &NoSecret| stop(Answer::Unavailable, problem.reason());
        let secrets = source.secrets.as_ref().map_err(unusable)?;
        let published = self
            .published_key(provider, delivery, secrets, arrival)
            .await?;
        let keys = Keys {
            secrets,
            published: published.as_deref().map(Cow::Borrowed),
        };
        let verified = verify(provider, delivery, keys, arrival.arrived_at);
        let verified = verified.map_err(unauthenticated)?;
        Ok(verified.of_version(source.version))
    }

    /// The text with the key that a delivery names, where its provider publishes keys.
    async fn published_key(
        &self,
        provider: &dyn Provider,
        delivery: &Delivery,
        secrets: &[Secret],
        arrival: &Arrival<'_>,
    ) -> Result<Option<Arc<[u8]>>, Stop> {
        let address = provider.published_key(delivery, secrets);
        let Some(address) = address.map_err(unauthenticated)? else {
            return Ok(None);
        };
        let text = self.keys.text(&address, arrival.now);
        match arrival.deadline.leaving(limits::LAST_STEPS, text).await {
            Ok(Ok(text)) => Ok(Some(text)),
            Ok(Err(NoKey::Unknown)) => Err(unauthenticated(Rejection::UnknownKey)),
            // To be sent again as well, and no alarm: a stranger can bring it about.
            Ok(Err(NoKey::Refused)) => Err(stop(Answer::Throttled, "key_refused")),
            Ok(Err(NoKey::Unavailable)) | Err(_) => {
                Err(stop(Answer::Unavailable, "key_unavailable"))
            }
        }
    }
}

/// True if one of the networks holds the address; there has to be one.
fn holds(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| source_settings::holds(networks, address))
}
