//! The keys that a delivery is held against.

use std::borrow::Cow;

use crate::secret::Secret;

/// The keys that a delivery is held against.
#[derive(Clone, Debug, Default)]
pub struct Keys<'a> {
    /// The secrets of its source, the current one first.
    pub secrets: &'a [Secret],
    /// The text in which its provider publishes the key that the delivery names, where it names one.
    pub published: Option<Cow<'a, [u8]>>,
}

impl<'a> From<&'a [Secret]> for Keys<'a> {
    fn from(secrets: &'a [Secret]) -> Self {
        Self {
            secrets,
            published: None,
        }
    }
}

impl<'a> From<&'a Vec<Secret>> for Keys<'a> {
    fn from(secrets: &'a Vec<Secret>) -> Self {
        Self::from(secrets.as_slice())
    }
}

impl<'a, const COUNT: usize> From<&'a [Secret; COUNT]> for Keys<'a> {
    fn from(secrets: &'a [Secret; COUNT]) -> Self {
        Self::from(secrets.as_slice())
    }
}
