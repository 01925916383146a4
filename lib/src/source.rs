//! A source: one registered endpoint, with its secrets and its settings.

use std::sync::Arc;

use crate::secret::Secret;
use crate::source_settings::{InvalidSettings, SourceSettings};

/// A registered source.
#[derive(Debug)]
pub struct Source {
    /// Its settings, or why they cannot be used: then every delivery is refused.
    pub settings: Result<Arc<SourceSettings>, InvalidSettings>,
    /// Its secrets, at least one, or why there is none: then every delivery is refused.
    pub secrets: Result<Vec<Secret>, NoSecret>,
    /// The version of the parameter that has them, if there is one.
    pub version: Option<i64>,
}

/// The reason why a source has no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// There is no parameter, or no line in it.
    #[error("there is no usable secret")]
    Blank,
    /// The function may not use the key under which it is encrypted, or the key is gone.
    #[error("the secret cannot be decrypted")]
    Undecryptable,
}

impl NoSecret {
    /// One word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Blank => "no_usable_secret",
            Self::Undecryptable => "secret_undecryptable",
        }
    }
}
