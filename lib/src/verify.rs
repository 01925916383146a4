//! The gate: a delivery goes in, a [`Verified`] delivery or a [`Rejection`] comes out.

use crate::delivery::Delivery;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A delivery whose signature holds. Only [`verify`] makes one, and an event can be made from
/// nothing else.
#[derive(Debug)]
pub struct Verified<'a> {
    delivery: &'a Delivery,
    secret: usize,
}

impl<'a> Verified<'a> {
    /// The request, now to be believed as far as the provider's scheme signs it.
    pub fn delivery(&self) -> &'a Delivery {
        self.delivery
    }

    /// Which secret matched, counted from 0: more than 0 says that a rotation is under way.
    pub fn secret(&self) -> usize {
        self.secret
    }
}

/// Why a signature was not accepted. The sender hears none of it; the log does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The header that carries the signature is not there.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// The header is there, but it is not what the provider sends.
    #[error("the header {header} is malformed: {problem}")]
    MalformedHeader {
        /// The header's name.
        header: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The signed timestamp is too far from now.
    #[error("the timestamp is {skew_seconds} s off the clock (negative: in the future)")]
    TimestampOutOfTolerance {
        /// Now minus the timestamp, in seconds.
        skew_seconds: i64,
    },
    /// The signed URL does not carry the hash that would cover the body.
    #[error("no signed hash covers the body")]
    BodyNotCovered,
    /// More form parameters than the provider would ever send; they are not even sorted.
    #[error("more form parameters than the provider sends")]
    TooManyParameters,
    /// The signed URL carries a hash, and the body has another.
    #[error("the body does not have the signed hash")]
    BodyHashMismatch,
    /// The signature holds for the text that this request makes, and was made for another request.
    #[error("the signed text is that of {0}, cut anew")]
    SplitAnew(&'static str),
    /// No secret gives this signature.
    #[error("no secret gives this signature")]
    Mismatch,
}

impl Rejection {
    /// One word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader(_) => "missing_header",
            Self::MalformedHeader { .. } => "malformed_header",
            Self::TimestampOutOfTolerance { .. } => "timestamp_out_of_tolerance",
            Self::BodyNotCovered => "body_not_covered",
            Self::TooManyParameters => "too_many_parameters",
            Self::BodyHashMismatch => "body_hash_mismatch",
            Self::SplitAnew(_) => "split_anew",
            Self::Mismatch => "signature_mismatch",
        }
    }
}

/// Checks a delivery against every secret of its source.
///
/// # Errors
/// The [`Rejection`]; with no secrets at all, at best [`Rejection::Mismatch`].
pub fn verify<'a>(
    provider: &(impl Provider + ?Sized),
    delivery: &'a Delivery,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Verified<'a>, Rejection> {
    let secret = provider.verify(delivery, secrets, now)?;
    Ok(Verified { delivery, secret })
}

/// Checks what needs no secret: that the signature headers are there, readable and fresh. It lets
/// the pipeline refuse noise before it looks for the source.
///
/// # Errors
/// The [`Rejection`] that no secret could change.
pub fn check_shape(
    provider: &(impl Provider + ?Sized),
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), Rejection> {
    match provider.verify(delivery, &[], now) {
        Ok(_) | Err(Rejection::Mismatch) => Ok(()),
        Err(rejection) => Err(rejection),
    }
}
