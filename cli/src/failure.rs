//! The reason why a command stopped: what is wrong, and the next step.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// A command's failure, as a person reads it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// The mistake is in how the command was called.
    usage: bool,
}

impl Failure {
    /// Something went wrong with the thing named.
    pub fn new(what: impl fmt::Display, error: impl Error) -> Self {
        let mut message = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            message.push_str(&format!(": {error}"));
            source = error.source();
        }
        Self {
            message,
            usage: false,
        }
    }

    /// Something is not as it should be.
    pub fn of(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            usage: false,
        }
    }

    /// The command was called in a way that cannot work.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            usage: true,
        }
    }

    /// True for a mistake in the call.
    pub fn is_usage(&self) -> bool {
        self.usage
    }

    /// 2 for a mistake in the call, 1 for everything else.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}
