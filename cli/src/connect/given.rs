//! What a connector is opened for: a credential, and the place at the provider.

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::failure::Failure;

/// The place at the provider. Each provider takes some of these.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Target {
    /// GitHub: the repository, owner/name
    #[arg(long)]
    repo: Option<String>,
    /// GitHub: the organisation
    #[arg(long)]
    org: Option<String>,
    /// GitHub: the App of the credential
    #[arg(long)]
    app: bool,
    /// Twilio: the phone number, as +15551234567
    #[arg(long)]
    number: Option<String>,
    /// GitLab: the project, group/name
    #[arg(long)]
    project: Option<String>,
    /// GitLab: the group
    #[arg(long)]
    group: Option<String>,
    /// Shopify: the shop, as name.myshopify.com
    #[arg(long)]
    shop: Option<String>,
}

impl Target {
    /// The value of an option.
    pub(crate) fn get(&self, option: &str) -> Option<&str> {
        let given = self.given().find(|(name, _)| *name == option);
        given.map(|(_, value)| value)
    }

    /// The options that were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("repo", self.repo.as_deref()),
            ("org", self.org.as_deref()),
            ("app", self.app.then_some("")),
            ("number", self.number.as_deref()),
            ("project", self.project.as_deref()),
            ("group", self.group.as_deref()),
            ("shop", self.shop.as_deref()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// A credential, and the place at the provider.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The credential as it was given: a JSON object, or the token alone.
    pub(crate) credential: &'a str,
    /// The place.
    pub(crate) target: &'a Target,
    /// The form that the provider's credential has.
    pub(crate) form: &'static str,
}

impl Given<'_> {
    /// Reads the credential. A text that is no JSON object stands for the member `token`.
    pub(crate) fn read<T: DeserializeOwned>(&self, token: &str) -> Result<T, Failure> {
        let text = self.credential.trim();
        let read = if text.starts_with('{') {
            serde_json::from_str(text)
        } else {
            serde_json::from_value(json!({ token: text }))
        };
        // The error of the reader would show what was read.
        read.map_err(|_| self.bad())
    }

    /// A credential or a place that is of no use.
    pub(crate) fn bad(&self) -> Failure {
        Failure::usage(format!(
            "the credential is not of the form {}, or the place at the provider is missing",
            self.form
        ))
    }
}

/// True for names with slashes between them, none of which leads to another path.
pub(crate) fn is_path(text: &str, parts: usize) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(is_part) && name != "." && name != "..";
    text.split('/').all(is_name) && (parts == 0 || text.split('/').count() == parts)
}
