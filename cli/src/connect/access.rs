//! The way to a provider's API: makes calls, or shows those that would change something.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use webhooks::provider_api::{ApiError, Content, ProviderApi, query};
use webhooks::provider_hosts::Reply;

use super::call::{Body, Call};
use super::connector::{Connector, Endpoint};
use crate::failure::Failure;
use crate::terminal::say;

/// A provider's API for one command.
pub(crate) struct Access {
    pub(crate) api: ProviderApi,
    /// Scheme, host and the beginning of every path.
    pub(crate) base: String,
    /// Texts that nobody may see.
    pub(crate) hidden: Vec<String>,
    /// The permission that the credential needs.
    pub(crate) right: &'static str,
    /// Calls that change something are shown, and not made.
    pub(crate) dry_run: bool,
}

/// Most pages of endpoints that are read.
const PAGES: usize = 100;

/// The pauses before a call is made again that does nothing twice.
const AGAIN: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The status of a call whose twin is still at work.
const CONFLICT: u16 = 409;

/// The sign for a secret.
const HIDDEN: &str = "***";

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.base).finish()
    }
}

impl Access {
    /// Asks, also in a dry run.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Reply, Failure> {
        if self.dry_run {
            say(self.shown(call));
        }
        self.send(call).await.map_err(|error| self.refused(&error))
    }

    /// Changes something; in a dry run it is shown alone, and there is no reply.
    pub(crate) async fn change(&self, call: &Call) -> Result<Option<Reply>, ApiError> {
        if self.dry_run {
            say(self.shown(call));
            return Ok(None);
        }
        let mut pauses = AGAIN.iter().filter(|_| call.idempotency_key.is_some());
        loop {
            let sent = self.send(call).await;
            let pause = match &sent {
                Err(error) if is_open(error) => pauses.next(),
                _ => None,
            };
            match pause {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return sent.map(Some),
            }
        }
    }

    /// The registered endpoints.
    pub(crate) async fn endpoints(
        &self,
        connector: &dyn Connector,
    ) -> Result<Vec<Endpoint>, Failure> {
        let mut endpoints = Vec::new();
        let mut next = Some(connector.list());
        for _ in 0..PAGES {
            let Some(call) = next else { break };
            let reply = self.ask(&call).await?;
            let listed = connector.listed(&reply);
            let mut listed = listed.map_err(|error| self.refused(&error))?;
            endpoints.append(&mut listed.endpoints);
            next = listed.next;
        }
        Ok(endpoints)
    }

    async fn send(&self, call: &Call) -> Result<Reply, ApiError> {
        let api = match &call.idempotency_key {
            Some(key) => self.api.with_header("idempotency-key", key),
            None => self.api.clone(),
        };
        let sent = |content| api.send(call.method, &call.path, content);
        match &call.body {
            Body::None => sent(Content::None).await,
            Body::Json(value) => {
                let text = value.to_string();
                sent(Content::Json(&text)).await
            }
            Body::Form(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (*name, &**value))
                    .collect();
                sent(Content::Form(&fields)).await
            }
        }
    }

    /// A call, fit for a terminal: method, URL and body, without a secret.
    pub(crate) fn shown(&self, call: &Call) -> String {
        let body = match &call.body {
            Body::None => String::new(),
            Body::Json(value) => format!("\n    {value}"),
            Body::Form(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (*name, &**value))
                    .collect();
                format!("\n    {}", query(&fields))
            }
        };
        self.without_secrets(format!("{} {}{}{body}", call.method, self.base, call.path))
    }

    fn without_secrets(&self, text: String) -> String {
        let hidden = self.hidden.iter().filter(|secret| !secret.is_empty());
        hidden.fold(text, |text, secret| {
            let (json, form) = (
                Value::from(secret.as_str()).to_string(),
                query(&[("", secret)]),
            );
            // As it is, between the quotes of JSON, and behind the name of a field.
            let forms = [secret, &json[1..json.len() - 1], &form[1..]];
            forms
                .iter()
                .fold(text, |text, form| text.replace(form, HIDDEN))
        })
    }

    /// A call that failed, with the next step.
    pub(crate) fn refused(&self, error: &ApiError) -> Failure {
        let next = match error {
            ApiError::Denied { .. } | ApiError::NotFound { .. } => {
                format!("; the credential needs {}", self.right)
            }
            ApiError::Limited { .. } | ApiError::Unavailable(_) => {
                "; run the same command again then: it does nothing twice".to_owned()
            }
            ApiError::Refused { .. } | ApiError::Unreadable(_) => String::new(),
        };
        // A refusal may repeat what it was given.
        Failure::of(self.without_secrets(format!("{}: {error}{next}", self.base)))
    }
}

/// True if it is not known what became of a call.
fn is_open(error: &ApiError) -> bool {
    !error.is_refusal()
        || matches!(
            error,
            ApiError::Refused {
                status: CONFLICT,
                ..
            }
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use webhooks::provider_hosts::ProviderHosts;

    use super::*;

    #[test]
    fn shows_no_secret_in_whatever_form_a_call_has_it() {
        let secret = "odd \" \\ \u{fc}&=%\t/";
        let base = "https://api.example";
        let access = Access {
            api: ProviderApi::new(ProviderHosts::default(), base, []),
            base: base.to_owned(),
            hidden: vec![secret.to_owned()],
            right: "",
            dry_run: true,
        };
        let calls = [
            Call::json("POST", "/hooks", json!({"secret": secret})),
            Call::form("/hooks", vec![("secret", secret.to_owned())]),
            Call::get(format!("/hooks?{}", query(&[("secret", secret)]))),
        ];
        for call in calls {
            let shown = access.shown(&call);
            assert!(shown.contains("***") && !shown.contains("odd"), "{shown}");
        }
    }
}
