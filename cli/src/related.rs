//! Events about the same thing: those of one source whose payloads name the same object, commit or message.
//!
//! No provider is known here. What names a thing is a member whose own name says so; a value that most of the
//! neighbours have as well, such as an account's, says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value;
use webhooks::bucket::BucketError;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::Range;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::moment::Moment;
use crate::stack::Stack;

/// The time around an event in which others are looked for, on both sides.
const AROUND: Duration = Duration::from_secs(12 * 3600);

/// Most payloads read.
const NEIGHBOURS: usize = 100;

/// Payloads read at a time.
const CONCURRENCY: usize = 8;

/// Ends of the names of members that name a thing.
const NAMES: [&str; 5] = ["id", "sid", "sha", "after", "number"];

/// Shortest text that names one thing alone.
const SHORTEST: usize = 6;

/// Events about the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Those that share most first.
    pub events: Vec<RelatedEvent>,
    /// Payloads read to find them.
    pub payloads: usize,
}

/// An event about the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedEvent {
    /// `provider/source/id`.
    pub id: String,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The time of receipt.
    pub received_at: String,
    /// The values that both have.
    pub shares: BTreeSet<String>,
}

impl fmt::Display for Related {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "related, of {} payloads read", self.payloads)?;
        for event in &self.events {
            let shares: Vec<_> = event.shares.iter().map(String::as_str).collect();
            let RelatedEvent {
                id,
                kind,
                received_at,
                ..
            } = event;
            write!(f, "\n  {received_at} {kind} {id}: {}", shares.join(", "))?;
        }
        Ok(())
    }
}

/// Events of the same source, received within half a day, whose payloads name the same things as this one's,
/// which is at hand.
///
/// # Errors
/// [`Failure`] when AWS does not answer.
pub async fn related(stack: &Stack, event: &Event<'_>) -> Result<Related, Failure> {
    related_among(stack, event, NEIGHBOURS).await
}

/// The same among so many neighbours at most.
///
/// # Errors
/// As [`related`].
pub async fn related_among(
    stack: &Stack,
    event: &Event<'_>,
    neighbours: usize,
) -> Result<Related, Failure> {
    let ours = named_by(event);
    let key = event.key();
    let range = Range {
        provider: &key.provider,
        source: &key.source,
        since: Moment::Ago(AROUND).resolve(event.received_at()),
        until: event.received_at().after(AROUND),
        after: None,
    };
    let listed = stack.ledger()?.listed(&range, neighbours + 1).await;
    let listed = listed.map_err(|error| Failure::new("the ledger", error))?;
    let others = listed.into_iter().map(|entry| entry.position.key);
    let others = others.filter(|other| other != key).take(neighbours);
    let reads: Vec<_> = others.map(|other| neighbour(stack, other)).collect();
    let read: Vec<_> = stream::iter(reads)
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let neighbours: Vec<_> = read.into_iter().flatten().collect();
    Ok(Related {
        payloads: neighbours.len(),
        events: sharing(&ours, neighbours),
    })
}

/// Those that share something with ours that most of them do not.
fn sharing(ours: &BTreeSet<String>, neighbours: Vec<Neighbour>) -> Vec<RelatedEvent> {
    let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
    for name in neighbours.iter().flat_map(|neighbour| &neighbour.names) {
        *frequency.entry(name).or_default() += 1;
    }
    let most = (neighbours.len() / 2).max(4);
    let tells = |name: &&String| {
        frequency
            .get(name.as_str())
            .is_some_and(|times| *times <= most)
    };
    let mut related: Vec<_> = neighbours
        .iter()
        .map(|neighbour| RelatedEvent {
            id: neighbour.key.to_string(),
            kind: neighbour.kind.clone(),
            received_at: neighbour.received_at.to_string(),
            shares: ours
                .intersection(&neighbour.names)
                .filter(tells)
                .cloned()
                .collect(),
        })
        .filter(|event| !event.shares.is_empty())
        .collect();
    related.sort_by_key(|event| std::cmp::Reverse(event.shares.len()));
    related
}

struct Neighbour {
    key: EventKey,
    kind: String,
    received_at: Timestamp,
    names: BTreeSet<String>,
}

async fn neighbour(stack: &Stack, key: EventKey) -> Result<Option<Neighbour>, Failure> {
    let receipt = stack.ledger()?.receipt(&key).await;
    let receipt = receipt.map_err(|error| Failure::new("the ledger", error))?;
    let Some(mut receipt) = receipt else {
        return Ok(None);
    };
    match stack.bucket()?.fetch(&mut receipt.event).await {
        Ok(()) => {}
        Err(BucketError::Gone) => return Ok(None),
        Err(error) => return Err(Failure::new("the payload", error)),
    }
    let event = receipt.event;
    Ok(Some(Neighbour {
        names: named_by(&event),
        kind: event.kind().to_owned(),
        received_at: event.received_at(),
        key,
    }))
}

/// The values by which a payload names things.
fn named_by(event: &Event<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(data) = event.data::<Value>() {
        gather(&data, "", &mut names);
    }
    names.remove(&event.key().id);
    names
}

fn gather(value: &Value, name: &str, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                gather(value, name, names);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                gather(element, name, names);
            }
        }
        Value::String(text) if is_name(name) => keep(text, names),
        Value::Number(number) if is_name(name) => keep(&number.to_string(), names),
        _ => {}
    }
}

fn is_name(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    NAMES.iter().any(|end| member.ends_with(end))
}

fn keep(text: &str, names: &mut BTreeSet<String>) {
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if has_digit && text.len() >= SHORTEST && !text.contains(char::is_whitespace) {
        names.insert(text.to_owned());
    }
}
