//! A delivery that can be believed.

use crate::delivery::Delivery;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A delivery whose signature holds. Only [`crate::verify::verify`] makes one, and an event can be made from
/// nothing else.
#[derive(Debug)]
pub struct Verified<'a> {
    delivery: &'a Delivery,
    secret: usize,
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
            secret,
            key,
            at,
        }
    }

    /// The request, now to be believed as far as the provider's scheme signs it.
    pub fn delivery(&self) -> &'a Delivery {
        self.delivery
    }

    /// The secret that matched, counted from 0: more than 0 says that a rotation is under way.
    pub fn secret(&self) -> usize {
        self.secret
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
