//! The registration of endpoints at one provider.
//!
//! A connector makes no call: it says which are to be made, and reads their answers. So a dry run shows
//! exactly what a run does.

use reqwest::Url;
use webhooks::provider_api::ApiError;
use webhooks::provider_hosts::Reply;
use webhooks::timestamp::Timestamp;

use super::call::Call;

/// An endpoint, as the provider has it registered.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// The provider's id of it.
    pub(crate) id: String,
    /// The URL that it posts to; empty where none is set.
    pub(crate) url: String,
    /// The events that it asks for; none where the provider does not say.
    pub(crate) events: Vec<String>,
    /// The time at which it was made, where a second one may be made beside it.
    pub(crate) created: Option<Timestamp>,
    /// The fields beside URL and events with which a second one is made that is like it.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Its secret, where the provider shows that.
    pub(crate) secret: Option<String>,
    /// What is wrong with it whatever the stack wants.
    pub(crate) problems: Vec<Problem>,
}

/// Something that is wrong with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What it is.
    pub(crate) what: String,
    /// Who mends it.
    pub(crate) mend: Mend,
}

/// The way in which a problem goes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mend {
    /// `webhooks connect`, which sets the endpoint as it should be.
    Connect,
    /// A person does this.
    ByHand(String),
}

/// A page of the registered endpoints.
pub(crate) struct Listed {
    /// The endpoints.
    pub(crate) endpoints: Vec<Endpoint>,
    /// The call for the next page, if there is one.
    pub(crate) next: Option<Call>,
}

/// An endpoint as the stack wants it.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// The stack's URL.
    pub(crate) url: &'a str,
    /// The events to ask for; none to leave them as they are.
    pub(crate) events: Option<&'a [String]>,
    /// The secret, where the user chooses it.
    pub(crate) secret: Option<&'a str>,
    /// The endpoint that it is to be like, beside which it is made.
    pub(crate) beside: Option<&'a Endpoint>,
}

/// What the provider says of an endpoint that was made or changed.
pub(crate) struct Made {
    /// Its id.
    pub(crate) id: String,
    /// Its secret, where the provider has chosen it and shows it.
    pub(crate) secret: Option<String>,
}

/// Who chooses the secret of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Its user.
    Ours,
    /// The provider, for each endpoint.
    Provider,
    /// The provider, for all that the account or the app has. It is called this.
    Account(&'static str),
}

/// The way in which it is seen that deliveries arrive.
pub(crate) enum Proof {
    /// The provider has no test; this is what a person does.
    ByHand(&'static str),
    /// A ping, whose answer stands in the provider's own list.
    Listed { test: Call, list: Call },
    /// A test event, which arrives in the ledger.
    Recorded(Call),
}

/// The registration of endpoints at one provider.
pub(crate) trait Connector: Send + Sync {
    /// Says who chooses the secret.
    fn choice(&self) -> Choice;

    /// True where there is one endpoint only, which cannot stand beside another.
    fn is_single(&self) -> bool;

    /// The call for the registered endpoints.
    fn list(&self) -> Call;

    /// Reads them.
    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError>;

    /// The call that makes an endpoint.
    fn create(&self, wish: &Wish<'_>) -> Call;

    /// The call that sets an endpoint as it is wanted, its secret included.
    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call;

    /// Reads the answer to either.
    fn made(&self, reply: &Reply) -> Result<Made, ApiError>;

    /// The call that removes an endpoint; none where it cannot be removed.
    fn remove(&self, id: &str) -> Option<Call>;

    /// The way in which it is seen that deliveries arrive.
    fn proof(&self, id: &str, events: &[String]) -> Proof;

    /// The status with which a ping was answered that was sent at a time or after it, read from the
    /// provider's list; none until it is there.
    fn answered(&self, reply: &Reply, since: Timestamp) -> Result<Option<u16>, ApiError>;

    /// Steps that are left to a person.
    fn left(&self) -> Option<&'static str>;
}

impl Problem {
    /// One that `webhooks connect` mends.
    pub(crate) fn mended(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            mend: Mend::Connect,
        }
    }

    /// One for a person.
    pub(crate) fn by_hand(what: impl Into<String>, step: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            mend: Mend::ByHand(step.into()),
        }
    }
}

impl Endpoint {
    /// True if it posts to that URL.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        normal(&self.url) == normal(url)
    }

    /// True if it posts to the same path of another host: to a stack that was there before.
    pub(crate) fn is_elsewhere(&self, url: &str) -> bool {
        let path = |url: &str| {
            let url = Url::parse(url).ok()?;
            let path = url.path().trim_end_matches('/').to_owned();
            Some(path).filter(|path| !path.is_empty())
        };
        !self.is_at(url) && path(&self.url).is_some() && path(&self.url) == path(url)
    }
}

/// A URL without what makes no difference: the case of its host, the port that https has, a slash at its end.
fn normal(url: &str) -> String {
    let parsed = Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    parsed.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint {
            id: "1".to_owned(),
            url: url.to_owned(),
            events: Vec::new(),
            created: None,
            settings: Vec::new(),
            secret: None,
            problems: Vec::new(),
        }
    }

    #[test]
    fn tells_a_stack_that_was_there_before_from_others() {
        let url = "https://new.example/webhooks/github";
        assert!(endpoint("https://new.example/webhooks/github/").is_at(url));
        assert!(endpoint("https://old.example/webhooks/github").is_elsewhere(url));
        // A host has no case and https a port of its own; a path has a case.
        assert!(endpoint("HTTPS://New.Example:443/webhooks/github").is_at(url));
        assert!(!endpoint("https://new.example/Webhooks/github").is_at(url));
        assert!(!endpoint("https://new.example:8443/webhooks/github").is_at(url));
        // Of another source, or of a stranger.
        for other in [
            "https://new.example/webhooks/github/acme",
            "https://new.example/webhooks/githubby",
            "https://new.example.evil.example/x?https://new.example/webhooks/github",
        ] {
            assert!(!endpoint(other).is_at(url) && !endpoint(other).is_elsewhere(url));
        }
        for other in ["https://old.example/webhooks/github/other", "https://x", ""] {
            assert!(!endpoint(other).is_elsewhere(url) && !endpoint(other).is_at(url));
        }
    }
}
