//! A delivery that can be believed.

use crate::delivery::Delivery;
use crate::origin::Origin;
use crate::secret::Secret;
use crate::secret_line::SecretLine;
use crate::timestamp::Timestamp;

/// A delivery that can be believed: its signature holds, or the provider's API gave it for the credential of
/// its source. Only [`crate::verify::verify`] and the reconciler make one, and an event can be made from
/// nothing else.
#[derive(Debug)]
pub struct Verified<'a> {
    delivery: &'a Delivery,
    secret: Option<usize>,
    version: Option<i64>,
    origin: Origin,
    key: Option<Secret>,
    at: Timestamp,
}

impl<'a> Verified<'a> {
    /// For [`crate::verify::verify`] alone, which has just found the secret.
    pub(crate) fn signed_with(
        secret: usize,
        secrets: &[Secret],
        delivery: &'a Delivery,
        at: Timestamp,
    ) -> Self {
        let key = secrets.get(secret).cloned();
        Self {
            delivery,
            secret: Some(secret),
            version: None,
            origin: Origin::Delivered,
            key,
            at,
        }
    }

    /// For the reconciler alone, which has it from the provider's API.
    pub(crate) fn fetched(delivery: &'a Delivery, as_sent: bool, at: Timestamp) -> Self {
        Self {
            delivery,
            secret: None,
            version: None,
            origin: Origin::Reconciled { as_sent },
            key: None,
            at,
        }
    }

    /// The request, now to be believed as far as the provider's scheme signs it.
    pub fn delivery(&self) -> &'a Delivery {
        self.delivery
    }

    /// The secret that matched, counted from 0: more than 0 says that a rotation is under way. None of
    /// what a provider's API gave.
    pub fn secret(&self) -> Option<usize> {
        self.secret
    }

    /// The same, by secrets of this version of their parameter.
    pub(crate) fn of_version(self, version: Option<i64>) -> Self {
        Self { version, ..self }
    }

    /// The place of the secret that matched, where its version is known.
    pub(crate) fn signed_by(&self) -> Option<SecretLine> {
        let (version, secret) = (self.version?, self.secret?);
        Some(SecretLine {
            version,
            line: secret + 1,
        })
    }

    /// The way on which it came.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// The time of receipt.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// The bytes of the secret that matched, with which a handshake is answered.
    pub(crate) fn key(&self) -> &[u8] {
        self.key.as_ref().map(Secret::bytes).unwrap_or_default()
    }
}
