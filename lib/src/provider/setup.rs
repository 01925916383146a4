//! The way to register an endpoint, for people.

/// What people do in a provider's console, and what they can expect then.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The place where the URL is entered.
    pub paste: &'static str,
    /// The place where the secret is shown or set.
    pub secret: &'static str,
    /// When the provider sends again what was not accepted.
    pub retries: &'static str,
}
