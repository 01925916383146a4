//! A provider as a row of data.

use super::advice::Advice;
use super::handshake::{Guard, Handshake, Proof};
use super::identity::Malformed;
use super::meaning::Meaning;
use super::naming::Naming;
use super::profile::Profile;
use super::setup::Setup;
use super::{Explained, Provider, Signer};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::{NotSignable, sign};
use crate::scheme::verification::verify_any;
use crate::scheme::{Scheme, development};
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// A provider as a row of data.
#[derive(Debug)]
pub struct Row {
    /// The profile: what is true of its deliveries whatever they say.
    pub profile: Profile,
    /// The schemes by which it signs. The first that a request claims decides.
    pub schemes: &'static [Scheme],
    /// The handshakes by which it tries an endpoint.
    pub handshakes: &'static [Handshake],
    /// The way in which it names events.
    pub naming: Naming,
    /// The way to register an endpoint.
    pub setup: Setup,
    /// Advice about its signatures: what is known beside the schemes.
    pub advice: Advice,
}

impl Provider for Row {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        verify_any(self.schemes, delivery, keys.secrets, now)
    }

    fn handshakes(&self) -> &'static [Handshake] {
        self.handshakes
    }

    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let delivery = verified.delivery();
        let signed = |handshake: &&Handshake| handshake.guard == Guard::Signature;
        let mut handshakes = self.handshakes.iter().filter(signed);
        let asked = handshakes.find(|handshake| handshake.is_asked(delivery));
        let answered = |asked: &Handshake| {
            let reply = asked.reply(delivery, verified.key())?;
            Some(match asked.answer {
                Proof::FetchBack(..) => Meaning::FetchBack(asked.fetch_back(delivery)?, reply),
                _ => Meaning::Challenge(reply),
            })
        };
        match asked.and_then(answered) {
            Some(meaning) => Ok(meaning),
            None => self.naming.identify(verified),
        }
    }
}

impl Signer for Row {
    /// Signs by the first scheme whose own headers the delivery has, else by the first.
    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let named = |scheme: &&Scheme| scheme.check_required(delivery).is_ok();
        let scheme = self.schemes.iter().find(named).or(self.schemes.first());
        sign(scheme.ok_or(NotSignable)?, delivery, secret, now)
    }
}

impl Explained for Row {
    fn schemes(&self) -> &'static [Scheme] {
        self.schemes
    }

    fn secret_of(&self, text: &str) -> Secret {
        development::secret(&self.schemes[0], text)
    }

    fn naming(&self) -> (String, String) {
        self.naming.description()
    }

    fn form(&self) -> String {
        let mut forms: Vec<_> = self.schemes.iter().map(Scheme::description).collect();
        forms.dedup();
        forms.join(", or ")
    }

    fn advice(&self) -> &Advice {
        &self.advice
    }

    fn setup(&self) -> &Setup {
        &self.setup
    }
}
