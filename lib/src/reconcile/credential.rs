//! The credentials with which providers' APIs are asked, one for each source.

use std::fmt;

use serde::de::DeserializeOwned;

use super::archive::Archive;
use super::{
    github, gitlab, paddle, paypal, polar, resend, square, stripe, telnyx, twilio, workos,
};
use crate::provider_hosts::ProviderHosts;

/// Opens what the API knows for the credential of a source.
type Open = fn(credential: &str, hosts: ProviderHosts) -> Result<Box<dyn Archive>, BadCredential>;

/// The providers whose API can be asked, with the form of a credential.
const ARCHIVES: &[(&str, &str, Open)] = &[
    ("github", github::FORM, github::open),
    ("stripe", stripe::FORM, stripe::open),
    ("gitlab", gitlab::FORM, gitlab::open),
    ("paddle", paddle::FORM, paddle::open),
    ("paypal", paypal::FORM, paypal::open),
    ("polar", polar::FORM, polar::open),
    ("resend", resend::FORM, resend::open),
    ("square", square::FORM, square::open),
    ("telnyx", telnyx::FORM, telnyx::open),
    ("twilio", twilio::FORM, twilio::open),
    ("workos", workos::FORM, workos::open),
];

/// A credential that cannot be used. It says nothing of what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential is not of the form {form}{at}")]
pub struct BadCredential {
    form: &'static str,
    at: Place,
}

/// The place where the reading of a credential ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Unknown,
    At { line: usize, column: usize },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::At { line, column } => write!(f, ": look at line {line}, column {column}"),
        }
    }
}

impl BadCredential {
    /// A credential whose values do not fit together.
    pub(super) const fn of(form: &'static str) -> Self {
        Self {
            form,
            at: Place::Unknown,
        }
    }
}

/// The providers whose API can be asked, by name.
pub fn providers() -> impl Iterator<Item = &'static str> {
    ARCHIVES.iter().map(|(name, ..)| *name)
}

/// The form of a credential for a provider's API; none where the API cannot be asked.
pub fn form(provider: &str) -> Option<&'static str> {
    let mut archives = ARCHIVES.iter();
    archives.find_map(|(name, form, _)| (*name == provider).then_some(*form))
}

/// Opens what a provider's API knows for a credential, a JSON object; none where the API cannot be asked.
///
/// # Errors
/// [`BadCredential`] when it is not of the provider's form.
pub fn archive(
    provider: &str,
    credential: &str,
    hosts: ProviderHosts,
) -> Option<Result<Box<dyn Archive>, BadCredential>> {
    let mut archives = ARCHIVES.iter();
    let (_, _, open) = archives.find(|(name, ..)| *name == provider)?;
    Some(open(credential, hosts))
}

/// Reads a credential strictly: what is misspelt would else be left out.
pub(super) fn read<T: DeserializeOwned>(
    credential: &str,
    form: &'static str,
) -> Result<T, BadCredential> {
    serde_json::from_str(credential).map_err(|error| BadCredential {
        form,
        at: Place::At {
            line: error.line(),
            column: error.column(),
        },
    })
}

/// True for an identifier that can stand in a path as it is.
pub(super) fn is_word(text: &str) -> bool {
    is_of(text, b"-_")
}

/// True for names with slashes between them, none of which leads to another path.
pub(super) fn is_path(text: &str) -> bool {
    let is_name = |name: &str| is_of(name, b"-_.") && name != "." && name != "..";
    text.split('/').all(is_name)
}

fn is_of(text: &str, marks: &[u8]) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}
