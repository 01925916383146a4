//! The place of a secret among those of its source, which stays the same whatever is put before it later.

use std::fmt;
use std::str::FromStr;

/// The place of a secret: the version of the parameter and the line in it, from 1. It says nothing of the
/// secret itself. Who may read the parameter's history finds the secret there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretLine {
    /// The version of the parameter.
    pub version: i64,
    /// The line.
    pub line: usize,
}

/// The text is not `version.line`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the place of a secret: expected version.line")]
pub struct NotASecretLine;

impl fmt::Display for SecretLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.version, self.line)
    }
}

impl FromStr for SecretLine {
    type Err = NotASecretLine;

    fn from_str(text: &str) -> Result<Self, NotASecretLine> {
        let (version, line) = text.split_once('.').ok_or(NotASecretLine)?;
        Ok(Self {
            version: version.parse().map_err(|_| NotASecretLine)?,
            line: line.parse().map_err(|_| NotASecretLine)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        let line = SecretLine {
            version: 12,
            line: 1,
        };
        assert_eq!(line.to_string().parse(), Ok(line));
        for text in ["", "12", "12.", "x.1", "1.x"] {
            assert_eq!(text.parse::<SecretLine>(), Err(NotASecretLine));
        }
    }
}
