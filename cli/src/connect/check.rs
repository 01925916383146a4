//! `webhooks connect --check`: what is registered at providers, beside what the stack verifies.

use std::process::ExitCode;

use super::connector::{Choice, Endpoint, Mend};
use super::providers;
use super::registration::{Registration, RegistrationArgs};
use crate::failure::Failure;
use crate::stack::Stack;
use crate::terminal::{on_one_line, say};

/// Something that is to be changed, and the way to do it.
struct Finding {
    what: String,
    step: String,
}

/// Checks one source, or all that have a credential.
///
/// # Errors
/// [`Failure`] when a provider's API or the stack does not answer.
pub(super) async fn run(
    name: Option<&str>,
    stack: Stack,
    args: &RegistrationArgs,
    events: Option<&[String]>,
) -> Result<ExitCode, Failure> {
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => checkable(&stack).await?,
    };
    if names.is_empty() {
        say(
            "no source can be checked so; name one, and give its provider's credential with --credential",
        );
    }
    let mut found = 0;
    for name in names {
        let registration = Registration::open(&name, stack.clone(), args, false).await?;
        let findings = registration.check(events).await?;
        if findings.is_empty() {
            say(format!("{}: as it should be", registration.name()));
        }
        for Finding { what, step } in &findings {
            let (what, step) = (on_one_line(what), on_one_line(step));
            say(format!("{}: {what}\n    {step}", registration.name()));
        }
        found += findings.len();
    }
    Ok(if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The sources that can be checked with the credentials at hand. Of every other it is said why not.
async fn checkable(stack: &Stack) -> Result<Vec<String>, Failure> {
    let mut sources = stack.sources().await?;
    sources.sort();
    let mut names = Vec::new();
    for (provider, source) in sources {
        let name = format!("{provider}/{source}");
        let is_known = providers::names().any(|name| name == provider);
        let reason = if !is_known {
            "nothing here asks its provider's API; some let webhooks expire: docs/reconciliation.md says which"
        } else if stack.credential(&provider, &source).await?.is_none() {
            "it has no credential for the provider's API"
        } else {
            names.push(name);
            continue;
        };
        say(on_one_line(&format!("{name}: not checked: {reason}")));
    }
    Ok(names)
}

impl Registration {
    async fn check(&self, events: Option<&[String]>) -> Result<Vec<Finding>, Failure> {
        let secrets = self.secrets().await?;
        let endpoints = self.endpoints().await?;
        let connect = format!("webhooks connect {}", self.word());
        let mut findings = Vec::new();
        let mut add = |what: String, step: &str| {
            findings.push(Finding {
                what,
                step: step.to_owned(),
            });
        };
        if secrets.is_empty() {
            add(
                "the stack has no secret of it, and refuses every delivery".to_owned(),
                &connect,
            );
        }
        let (ours, others): (Vec<_>, Vec<_>) = endpoints
            .iter()
            .partition(|endpoint| endpoint.is_at(&self.url));
        let is_lost = |endpoint: &&&Endpoint| {
            endpoint.is_elsewhere(&self.url)
                || (self.connector.is_single() && !endpoint.url.is_empty())
        };
        match (ours.as_slice(), others.iter().find(is_lost)) {
            ([], Some(other)) => add(
                format!(
                    "its endpoint {} posts to {} and not to {}",
                    other.id, other.url, self.url
                ),
                &format!("{connect} --replace"),
            ),
            ([], None) => add(format!("nothing posts to {}", self.url), &connect),
            ([_], _) => {}
            ([_, more @ ..], _) => {
                for endpoint in more {
                    add(
                        format!(
                            "its endpoint {} posts to the same URL once more",
                            endpoint.id
                        ),
                        &self.removal(endpoint),
                    );
                }
            }
        }
        for endpoint in &ours {
            let id = &endpoint.id;
            for problem in &endpoint.problems {
                let step = match &problem.mend {
                    Mend::Connect => &connect,
                    Mend::ByHand(step) => step,
                };
                add(format!("endpoint {id}: {}", problem.what), step);
            }
            let missing: Vec<_> = events
                .unwrap_or_default()
                .iter()
                .filter(|event| !asks_for(endpoint, event))
                .map(String::as_str)
                .collect();
            if !missing.is_empty() {
                add(
                    format!("endpoint {id} does not ask for {}", missing.join(", ")),
                    &format!(
                        "{connect} --events {}",
                        events.unwrap_or_default().join(",")
                    ),
                );
            }
            let is_ours = |secret: &String| {
                let mut known = secrets.iter().map(|secret| secret.bytes());
                known.any(|known| known == secret.as_bytes())
            };
            if self.connector.choice() == Choice::Provider
                && endpoint
                    .secret
                    .as_ref()
                    .is_some_and(|secret| !is_ours(secret))
            {
                add(
                    format!("endpoint {id} signs with a secret that the stack does not have"),
                    &connect,
                );
            }
        }
        Ok(findings)
    }

    /// The way to remove an endpoint that is one too many.
    fn removal(&self, endpoint: &Endpoint) -> String {
        match self.connector.choice() {
            Choice::Provider => format!(
                "if webhooks rotate {} has made it, the same with --finish removes the old one",
                self.word()
            ),
            _ => format!("remove it: {}", self.removal_of(&endpoint.id)),
        }
    }

    /// The call that removes an endpoint, for a person to make.
    pub(crate) fn removal_of(&self, id: &str) -> String {
        match self.connector.remove(id) {
            Some(call) => self.access.shown(&call),
            None => "in the provider's console".to_owned(),
        }
    }
}

/// True if an endpoint asks for an event, by its name or by a sign for all, or does not say.
fn asks_for(endpoint: &Endpoint, event: &str) -> bool {
    let mut asked = endpoint.events.iter();
    endpoint.events.is_empty() || asked.any(|asked| asked == event || asked == "*")
}
