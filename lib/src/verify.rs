//! The gate: a delivery goes in, a [`Verified`] delivery or a [`Rejection`] comes out.

use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::provider::Provider;
use crate::rejection::Rejection;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// Checks a delivery against every secret of its source, and the published key where it names one.
///
/// # Errors
/// The [`Rejection`]; with no secrets at all, at best [`Rejection::Mismatch`].
pub fn verify<'a, 'k>(
    provider: &dyn Provider,
    delivery: &'a Delivery,
    keys: impl Into<Keys<'k>>,
    now: Timestamp,
) -> Result<Verified<'a>, Rejection> {
    let keys = keys.into();
    let secret = provider.verify(delivery, &keys, now)?;
    Ok(Verified::signed_with(secret, keys.secrets, delivery, now))
}

/// Checks what needs no secret: that the signature headers are there, readable and fresh. It lets
/// the pipeline refuse noise before it looks for the source.
///
/// # Errors
/// The [`Rejection`] that no secret could change.
pub fn check_shape(
    provider: &dyn Provider,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), Rejection> {
    match provider.verify(delivery, &Keys::default(), now) {
        Ok(_) | Err(Rejection::Mismatch) => Ok(()),
        Err(rejection) => Err(rejection),
    }
}
