//! The providers. Each is a row of data, or one file where its scheme is odd, that says how the
//! provider signs, names and identifies an event, and nothing else: no clock, no environment, no
//! network, no AWS.

use std::fmt;

use self::advice::Advice;
use self::identity::Malformed;
use self::meaning::Meaning;
use self::profile::Profile;
use crate::delivery::Delivery;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

pub mod advice;
pub mod catalog;
pub mod identity;
pub mod meaning;
pub mod naming;
pub mod profile;
pub mod row;
pub mod table;
pub mod twilio;

/// A provider, as a receiver needs it.
pub trait Provider: fmt::Debug + Sync {
    /// The profile: what is true of its deliveries whatever they say.
    fn profile(&self) -> &Profile;

    /// The index of the secret that signed the delivery. Judges the shape and age of the headers
    /// before it looks at a secret, so that [`crate::verify::check_shape`] can ask with none.
    ///
    /// # Errors
    /// The [`Rejection`] that the log shows.
    fn verify(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<usize, Rejection>;

    /// The meaning of a verified delivery.
    ///
    /// # Errors
    /// [`Malformed`] when the id or type of the event cannot be told.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed>;
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
}

/// A provider whose signatures can be explained: for the diagnosis.
pub trait Explained: Signer {
    /// The schemes that are data; none where the provider is code.
    fn schemes(&self) -> &'static [Scheme];

    /// The form of the signature, in words.
    fn form(&self) -> String;

    /// Advice about its signatures: what is known beside the schemes.
    fn advice(&self) -> &Advice;
}
