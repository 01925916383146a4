//! The providers. Each is a row of data, or one file where its scheme is odd, that says how the
//! provider signs, names and identifies an event, and nothing else: no clock, no environment, no
//! network, no AWS.

use std::fmt;

use self::advice::Advice;
use self::handshake::{Guard, Handshake};
use self::identity::Malformed;
use self::meaning::Meaning;
use self::profile::Profile;
use self::publication::{KeyAddress, Publication};
use self::setup::Setup;
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

pub mod advice;
pub mod adyen;
pub mod catalog;
mod certificate;
pub mod coded;
pub mod custom;
pub mod handshake;
pub mod hubspot;
pub mod identity;
pub mod jiraconnect;
mod jws;
pub mod mandrill;
pub mod meaning;
pub mod monday;
pub mod msgraph;
pub mod naming;
pub mod netlify;
pub mod paypal;
pub mod plaid;
pub mod profile;
pub mod publication;
pub mod row;
pub mod setup;
pub mod sns;
pub mod split;
pub mod table;
pub mod twilio;

/// A provider, as a receiver needs it.
pub trait Provider: fmt::Debug + Sync {
    /// The profile: what is true of its deliveries whatever they say.
    fn profile(&self) -> &Profile;

    /// The index of the secret that signed the delivery. Judges the shape and age of the headers
    /// before it looks at a key, so that [`crate::verify::check_shape`] can ask with none.
    ///
    /// # Errors
    /// The [`Rejection`] that the log shows.
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection>;

    /// The address of the key that the delivery names, where the provider publishes its keys. It is asked
    /// for only by a delivery whose shape is good, of a source that has secrets.
    ///
    /// # Errors
    /// The [`Rejection`] of a delivery that no published key could change.
    fn published_key(&self, _: &Delivery, _: &[Secret]) -> Result<Option<KeyAddress>, Rejection> {
        Ok(None)
    }

    /// The handshakes by which it tries an endpoint.
    fn handshakes(&self) -> &'static [Handshake] {
        &[]
    }

    /// The meaning of a verified delivery.
    ///
    /// # Errors
    /// [`Malformed`] when the id or type of the event cannot be told.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed>;
}

/// The handshake that a request is, of those that come without a signature.
pub fn unsigned_handshake(
    provider: &dyn Provider,
    delivery: &Delivery,
) -> Option<&'static Handshake> {
    let mut handshakes = provider.handshakes().iter();
    handshakes.find(|handshake| handshake.guard != Guard::Signature && handshake.is_asked(delivery))
}

/// A provider that can be played: for tests and the local tools.
pub trait Signer: Provider {
    /// Signs a delivery as the provider would at `now`: sets headers, and the query where the
    /// scheme puts something there.
    ///
    /// # Errors
    /// [`NotSignable`] with a secret that is a public key, or not of the provider's form.
    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable>;

    /// The key that belongs to what [`Signer::sign`] signs with this secret, as the provider would publish
    /// it; none where it publishes none.
    fn publication(&self, _: &Secret) -> Option<Publication> {
        None
    }
}

/// A provider whose signatures can be explained: for the diagnosis.
pub trait Explained: Signer {
    /// The schemes that are data; none where the provider is code.
    fn schemes(&self) -> &'static [Scheme];

    /// A secret of the provider's form, made from any text: the same for the same text.
    fn secret_of(&self, text: &str) -> Secret;

    /// The text that a request shows where a source's secret is no secret, but says whose the request has to
    /// be: to look at its signature alone.
    fn shown_secret(&self, _: &Delivery) -> Option<Secret> {
        None
    }

    /// The ways to an event's id and type, in words.
    fn naming(&self) -> (String, String);

    /// The form of the signature, in words.
    fn form(&self) -> String;

    /// Advice about its signatures: what is known beside the schemes.
    fn advice(&self) -> &Advice;

    /// The way to register an endpoint.
    fn setup(&self) -> &Setup;
}
