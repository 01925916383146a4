//! A recorded event sent to a stack on this machine: its payload as it was, signed anew with the development secret.
//!
//! The ledger keeps no headers. They come from one of the provider's deliveries under `events/`, with the event's own
//! id and type in the place of that delivery's.

use webhooks::delivery::Headers;
use webhooks::event::Event;
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::provider::Explained;
use webhooks::provider::identity::Identity;
use webhooks::provider::meaning::Meaning;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use super::chosen::Chosen;
use super::outcome::{Line, Outcome, Report};
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::project::Project;
use crate::send::{FIRST_ANSWER, find_provider, local_url, post_copies};
use crate::stack::{Stack, development_secret};

/// The base URL, if it is one of this machine: what is sent there is somebody's data.
///
/// # Errors
/// [`Failure`] for any other.
pub(super) fn loopback(url: &str) -> Result<String, Failure> {
    let base = url.trim_end_matches('/');
    let host = base.strip_prefix("http://").and_then(|rest| {
        let (host, port) = rest.rsplit_once(':')?;
        port.parse::<u16>().ok().map(|_| host)
    });
    match host {
        Some("127.0.0.1" | "localhost" | "[::1]") => Ok(base.to_owned()),
        _ => Err(Failure::usage(format!(
            "--to {url}: payloads go to this machine alone, such as --to http://127.0.0.1:9000"
        ))),
    }
}

/// Sends every event that was chosen, whatever became of it.
///
/// # Errors
/// [`Failure`] when AWS does not answer.
pub(super) async fn send(stack: &Stack, chosen: &Chosen, base: &str) -> Result<Report, Failure> {
    let (ledger, bucket) = (stack.ledger()?, stack.bucket()?);
    let mut lines = Vec::new();
    for event in &chosen.events {
        let receipt = ledger.receipt(&event.key).await;
        let receipt = receipt.map_err(|error| Failure::new("the ledger", error))?;
        let Some(mut receipt) = receipt else {
            continue;
        };
        let fetched = bucket.fetch(&mut receipt.event).await;
        let sent = match fetched {
            Ok(()) => send_one(&receipt.event, base).await,
            Err(error) => Err(Failure::new("the payload", error)),
        };
        lines.push(match sent {
            Ok(answer) => Line::of(event, Outcome::Sent, Some(answer)),
            Err(failure) => Line::of(event, Outcome::Error, Some(failure.to_string())),
        });
    }
    let mut report = Report::of(chosen, lines);
    report.ran = true;
    Ok(report)
}

async fn send_one(event: &Event<'_>, base: &str) -> Result<String, Failure> {
    let provider = find_provider(&event.key().provider)?;
    let url = local_url(base, provider.profile().name, DEFAULT_SOURCE);
    let mut fixture = rebuilt(provider, event, &url)?;
    fixture.address(&url);
    let answers = post_copies(&fixture.delivery, 1, FIRST_ANSWER).await?;
    let answer = answers.first();
    let (status, outcome) = answer.map_or((0, ""), |answer| (answer.status, &answer.outcome));
    if status / 100 == 2 {
        Ok(format!("{status} {outcome}"))
    } else {
        Err(Failure::of(format!("{url} answered {status} {outcome}")))
    }
}

/// A delivery that means the event again, from the first of the provider's deliveries that can be made one.
fn rebuilt(provider: &dyn Explained, event: &Event<'_>, url: &str) -> Result<Fixture, Failure> {
    let name = provider.profile().name;
    let secret =
        Secret::new(development_secret(name)).map_err(|error| Failure::new("the secret", error))?;
    let project = Project::here()?;
    for (file, meaning) in Fixture::every(&project, provider)? {
        let Meaning::Event(theirs) = meaning else {
            continue;
        };
        for kind in spellings(event) {
            let mut fixture = Fixture::read(&project, name, &file)?;
            fixture.address(url);
            fixture.delivery.body = event.payload().bytes.to_vec();
            fixture.delivery.headers = renamed(&fixture.delivery.headers, &theirs, event, &kind);
            if means(provider, &mut fixture, &secret)? == Some(ours(event)) {
                return Ok(fixture);
            }
        }
    }
    Err(Failure::of(format!(
        "no delivery under events/ has the headers of {}",
        event.kind()
    )))
}

fn ours(event: &Event<'_>) -> Identity {
    let prefix = format!("{}.", event.key().provider);
    let kind = event.kind().strip_prefix(&prefix).unwrap_or_default();
    Identity {
        id: event.key().id.clone(),
        kind: kind.to_owned(),
    }
}

/// The type, and each of its beginnings: a header may have a part of it, where the body has the rest.
fn spellings(event: &Event<'_>) -> Vec<String> {
    let mut kind = ours(event).kind;
    let mut spellings = vec![kind.clone()];
    while let Some((beginning, _)) = kind.rsplit_once('.') {
        kind = beginning.to_owned();
        spellings.push(kind.clone());
    }
    spellings
}

/// Headers in which the parts of another event's id and its type are those of this one.
fn renamed(headers: &Headers, theirs: &Identity, event: &Event<'_>, kind: &str) -> Headers {
    let parts: Vec<_> = theirs
        .id
        .split(':')
        .zip(event.key().id.split(':'))
        .collect();
    let their_kind = theirs.kind.split('.').next().unwrap_or_default();
    let media_type = &event.payload().media_type;
    let value = |name: &str, value: &str| {
        if name.eq_ignore_ascii_case("content-type") && !media_type.is_empty() {
            return media_type.to_string();
        }
        if value == their_kind || value == theirs.kind {
            return kind.to_owned();
        }
        let part = parts.iter().find(|(their, _)| *their == value);
        part.map_or(value, |(_, our)| our).to_owned()
    };
    let headers = headers.iter();
    headers
        .map(|(name, old)| (name, value(name, old)))
        .collect()
}

/// Signs a delivery and reads it; nothing where it means no one event.
fn means(
    provider: &dyn Explained,
    fixture: &mut Fixture,
    secret: &Secret,
) -> Result<Option<Identity>, Failure> {
    let now = Timestamp::now();
    let signed = provider.sign(&mut fixture.delivery, secret, now);
    signed.map_err(|error| Failure::new("the event", error))?;
    let keys = development::keys(provider, std::slice::from_ref(secret));
    let Ok(verified) = verify(provider, &fixture.delivery, keys, now) else {
        return Ok(None);
    };
    Ok(match provider.identify(&verified) {
        Ok(Meaning::Event(identity)) => Some(identity),
        _ => None,
    })
}
