//! A signing secret: used byte for byte, never printed.

use std::fmt;

/// One secret of a source. It cannot be blank: HMAC takes an empty key without complaint, so an
/// empty line in a parameter would let anybody in.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The secret is empty or only white space.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is blank")]
pub struct BlankSecret;

impl Secret {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// [`BlankSecret`] for an empty or white-space-only text.
    pub fn new(text: impl Into<String>) -> Result<Self, BlankSecret> {
        let text = text.into();
        if text.trim().is_empty() {
            return Err(BlankSecret);
        }
        Ok(Self(text))
    }

    /// The secrets of a parameter's value: one a line, the current one first. Blank lines are
    /// dropped and a line's `\r` ending is not part of the secret; everything else is.
    pub fn lines(value: &str) -> Vec<Self> {
        value
            .lines()
            .filter_map(|line| Self::new(line).ok())
            .collect()
    }

    /// A new secret: 32 random bytes in hexadecimal digits, which every provider takes that lets its user
    /// choose.
    ///
    /// # Panics
    /// Panics when the system has no random bytes: nothing would be safe then.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).expect("the system has random bytes");
        Self(hex::encode(bytes))
    }

    /// The key bytes. For a provider's key derivation only.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_blank_secrets() {
        assert_eq!(Secret::new(""), Err(BlankSecret));
        assert_eq!(Secret::new(" \t "), Err(BlankSecret));
        assert!(Secret::lines("\n  \n\r\n").is_empty());
    }

    #[test]
    fn keeps_every_byte_of_a_line() {
        let secrets = Secret::lines("current \r\n\n previous\n");
        let bytes: Vec<_> = secrets.iter().map(Secret::bytes).collect();
        assert_eq!(bytes, [b"current ".as_slice(), b" previous"]);
    }

    #[test]
    fn no_two_random_ones_are_alike() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.bytes().len(), 64);
        assert_ne!(one, other);
    }

    #[test]
    fn is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "Ok(Secret(..))");
    }
}
