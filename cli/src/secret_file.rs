//! Where a secret is read from. Never from the command line: every process of the machine can read
//! that, and the shell keeps it.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;

use crate::failure::Failure;

/// The forms that a person may write in place of a secret.
pub const FORMS: &str = "- (standard input), file:PATH or env:NAME";

/// A place that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretFile {
    /// Standard input, until its end.
    Input,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => f.write_str("-"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

impl SecretFile {
    /// Reads one of the [`FORMS`].
    ///
    /// # Errors
    /// [`Failure`] for anything else, without repeating it: it may be the secret.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if text == "-" {
            return Ok(Self::Input);
        }
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            _ => Err(Failure::usage(format!(
                "a secret does not belong on a command line; say where it is: {FORMS}"
            ))),
        }
    }

    /// The secret, without the line break at its end.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be read, or is blank.
    pub fn read(&self) -> Result<String, Failure> {
        let (what, text) = match self {
            Self::Input => {
                let mut text = String::new();
                let read = std::io::stdin().lock().read_to_string(&mut text);
                ("standard input".to_owned(), read.map(|_| text))
            }
            Self::File(path) => (path.display().to_string(), std::fs::read_to_string(path)),
            Self::Variable(name) => {
                let unset = |error| std::io::Error::new(std::io::ErrorKind::NotFound, error);
                (
                    format!("the variable {name}"),
                    std::env::var(name).map_err(unset),
                )
            }
        };
        let text = text.map_err(|error| match error.kind() {
            // The text of these errors would show what was read.
            std::io::ErrorKind::InvalidData => Failure::usage(format!("{what} is not text")),
            _ => Failure::usage(format!("{what}: there is no secret: {}", error.kind())),
        })?;
        match text.trim() {
            "" => Err(Failure::usage(format!("{what} is blank"))),
            secret => Ok(secret.to_owned()),
        }
    }
}
