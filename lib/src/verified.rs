//! A delivery that can be believed.

use crate::delivery::Delivery;

/// A delivery whose signature holds. Only [`crate::verify::verify`] makes one, and an event can be made from
/// nothing else.
#[derive(Debug)]
pub struct Verified<'a> {
    delivery: &'a Delivery,
    secret: usize,
}

impl<'a> Verified<'a> {
    /// For [`crate::verify::verify`] alone, which has just found the secret.
    pub(crate) fn signed_with(secret: usize, delivery: &'a Delivery) -> Self {
        Self { delivery, secret }
    }

    /// The request, now to be believed as far as the provider's scheme signs it.
    pub fn delivery(&self) -> &'a Delivery {
        self.delivery
    }

    /// The secret that matched, counted from 0: more than 0 says that a rotation is under way.
    pub fn secret(&self) -> usize {
        self.secret
    }
}
