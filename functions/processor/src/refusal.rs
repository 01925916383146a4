//! The reason why a service did not take an effect, and whether another attempt could change that.

use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use webhooks::aws;
use webhooks::router::Outcome;

/// Codes that speak of the request itself: it is too large, too deep, or not of the form that the
/// service wants. EventBridge says some of them of an entry.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html>,
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const LASTING: [&str; 9] = [
    "InvalidArgument",
    "InvalidParameter",
    "InvalidParameterValue",
    "MalformedDetail",
    "MalformedQueryString",
    "RequestEntityTooLargeException",
    "SerializationException",
    "ValidationError",
    "ValidationException",
];

/// A service's refusal, with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may pass: try again.
    Passing(String),
    /// The same request will be refused again.
    Lasting(String),
}

impl Refusal {
    /// The refusal of a call. A request that is too large for its service's front gets 413 without a
    /// word.
    pub(crate) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match status {
            Some(413) => Self::Lasting("413, too large".to_owned()),
            _ => Self::by_code(aws::code(error)),
        }
    }

    /// The refusal that a code stands for.
    pub(crate) fn by_code(code: String) -> Self {
        if LASTING.contains(&&*code) {
            Self::Lasting(code)
        } else {
            Self::Passing(code)
        }
    }
}

/// Sends an effect as a whole, or by reference where the whole is refused for what it is.
pub(crate) async fn or_by_reference(
    whole: impl Future<Output = Result<(), Refusal>>,
    reference: impl Future<Output = Result<(), Refusal>>,
) -> Result<(), Refusal> {
    match whole.await {
        Err(Refusal::Lasting(_)) => reference.await,
        sent => sent,
    }
}

/// The outcome of an event whose effect was sent, or refused.
pub(crate) fn outcome(sent: Result<(), Refusal>, refused: &str) -> Outcome {
    match sent {
        Ok(()) => Outcome::done(),
        Err(Refusal::Passing(code)) => Outcome::retry(format!("{refused}: {code}")),
        Err(Refusal::Lasting(code)) => Outcome::failed(format!("{refused}: {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_request_itself_causes_lasts() {
        for code in ["ValidationException", "MalformedDetail", "InvalidParameter"] {
            assert_eq!(
                Refusal::by_code(code.to_owned()),
                Refusal::Lasting(code.to_owned())
            );
        }
        // A role that was given its permission just now, a bus that is deployed again, a quota.
        for code in [
            "ThrottlingException",
            "InternalFailure",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "timeout",
            "no answer",
        ] {
            assert_eq!(
                Refusal::by_code(code.to_owned()),
                Refusal::Passing(code.to_owned())
            );
        }
    }
}
