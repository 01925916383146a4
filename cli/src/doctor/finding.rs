//! A finding: what is wrong, why it matters, and the fix.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;

use crate::account::chain;
use crate::aws_json::ApiError;

/// Something that is not as it must be. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// The resource, by the name that AWS or the template knows it by.
    pub subject: String,
    /// The fault, in one sentence.
    pub problem: String,
    /// The reason why it matters.
    pub why: &'static str,
    /// A command that mends it, or the first step where it takes more than one.
    pub fix: String,
    /// The right that the caller lacks, where that is the finding.
    pub missing_right: Option<&'static str>,
}

/// A finding of one check, before it has the check's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) subject: String,
    pub(super) problem: String,
    pub(super) why: &'static str,
    pub(super) fix: String,
}

impl Fault {
    pub(super) fn new(
        subject: impl Into<String>,
        problem: impl Into<String>,
        why: &'static str,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            problem: problem.into(),
            why,
            fix: fix.into(),
        }
    }
}

/// The reason why a check has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// The right that the call needs.
    right: &'static str,
    denied: bool,
    said: String,
}

/// The codes by which AWS says that a right is missing.
const DENIED: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "AccessDeniedFault",
    "UnauthorizedOperation",
];

impl Unread {
    /// The reason in an answer of the SDK.
    pub(super) fn sdk<E, R>(right: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        match error.code() {
            Some(code) => Self::coded(right, code, error.message().unwrap_or_default()),
            None => Self {
                right,
                denied: false,
                said: chain(error),
            },
        }
    }

    /// The reason in an answer of [`crate::aws_json`].
    pub(super) fn api(right: &'static str, error: &ApiError) -> Self {
        Self::coded(right, &error.code, &error.message)
    }

    fn coded(right: &'static str, code: &str, message: &str) -> Self {
        Self {
            right,
            denied: DENIED.contains(&code),
            said: format!("{code}: {message}"),
        }
    }

    /// A finding that says so: what could not be looked at is not known to be right.
    pub(super) fn finding(&self, check: &'static str) -> Finding {
        let right = self.right;
        let (problem, fix) = if self.denied {
            let problem = format!("these credentials may not call {right}");
            let fix =
                format!("allow {right}, as the policy under Doctor in docs/operations.md does");
            (problem, fix)
        } else {
            let problem = format!("{right} did not answer: {}", self.said);
            (problem, "run webhooks doctor again".to_owned())
        };
        Finding {
            check,
            subject: right.to_owned(),
            problem,
            why: "what is not looked at is not known to be right",
            fix,
            missing_right: self.denied.then_some(right),
        }
    }
}
