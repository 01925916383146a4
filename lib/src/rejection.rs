//! The reasons for which a signature is not accepted.

/// The reason for which a signature is not accepted. The sender hears none of it; the log does.
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
        /// The problem with it, in words.
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
    /// The provider publishes no key of the name that the delivery gives.
    #[error("the provider publishes no such key, or it holds no longer")]
    UnknownKey,
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
            Self::UnknownKey => "unknown_key",
            Self::Mismatch => "signature_mismatch",
        }
    }
}
