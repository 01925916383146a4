//! A provider whose signature no scheme can say: that is code, and everything else about it a row.

use std::fmt;

use super::advice::Advice;
use super::handshake::Handshake;
use super::identity::Malformed;
use super::meaning::Meaning;
use super::profile::Profile;
use super::publication::{KeyAddress, Publication};
use super::row::Row;
use super::setup::Setup;
use super::{Explained, Provider, Signer};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// A signature that is code.
pub trait Signature: fmt::Debug + Sync {
    /// The index of the secret that signed the delivery, as [`Provider::verify`] finds it.
    ///
    /// # Errors
    /// The [`Rejection`] that the log shows.
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection>;

    /// The address of the key that the delivery names, as [`Provider::published_key`] finds it.
    ///
    /// # Errors
    /// The [`Rejection`] of a delivery that no published key could change.
    fn published_key(&self, _: &Delivery, _: &[Secret]) -> Result<Option<KeyAddress>, Rejection> {
        Ok(None)
    }

    /// Signs a delivery as the provider would at `now`.
    ///
    /// # Errors
    /// [`NotSignable`] where the delivery lacks what is signed.
    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable>;

    /// The key that belongs to what is signed with this secret, as [`Signer::publication`] has it.
    fn publication(&self, _: &Secret) -> Option<Publication> {
        None
    }

    /// The form of the signature, in words.
    fn form(&self) -> String;

    /// The text that a request shows in place of a secret, as [`Explained::shown_secret`] has it.
    fn shown_secret(&self, _: &Delivery) -> Option<Secret> {
        None
    }

    /// A secret of its form, made from any text.
    fn secret_of(&self, text: &str) -> Secret {
        Secret::new(text).expect("the text is not blank")
    }
}

/// A row with a signature of its own. Its schemes are what the code has of them.
#[derive(Debug)]
pub struct Coded {
    /// Everything but the signature.
    pub row: Row,
    /// The signature.
    pub signature: &'static dyn Signature,
}

impl Provider for Coded {
    fn profile(&self) -> &Profile {
        self.row.profile()
    }

    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        self.signature.verify(delivery, keys, now)
    }

    fn published_key(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
    ) -> Result<Option<KeyAddress>, Rejection> {
        self.signature.published_key(delivery, secrets)
    }

    fn handshakes(&self) -> &'static [Handshake] {
        self.row.handshakes()
    }

    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        self.row.identify(verified)
    }
}

impl Signer for Coded {
    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        self.signature.sign(delivery, secret, now)
    }

    fn publication(&self, secret: &Secret) -> Option<Publication> {
        self.signature.publication(secret)
    }
}

impl Explained for Coded {
    fn schemes(&self) -> &'static [Scheme] {
        self.row.schemes()
    }

    fn secret_of(&self, text: &str) -> Secret {
        self.signature.secret_of(text)
    }

    fn shown_secret(&self, delivery: &Delivery) -> Option<Secret> {
        self.signature.shown_secret(delivery)
    }

    fn naming(&self) -> (String, String) {
        self.row.naming()
    }

    fn form(&self) -> String {
        self.signature.form()
    }

    fn advice(&self) -> &Advice {
        self.row.advice()
    }

    fn setup(&self) -> &Setup {
        self.row.setup()
    }
}
