//! The events that a replay is about.

use webhooks::event::EventKey;
use webhooks::ledger::{Status, Summary};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::filter::{Filter, Term};
use crate::search::{Limits, Read, page, position};
use crate::stack::Stack;

/// The events that a replay is about, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) events: Vec<Summary>,
    /// Keys of which the ledger has nothing.
    pub(crate) unknown: Vec<EventKey>,
    /// True if each was named, and not found by a filter.
    pub(crate) is_by_id: bool,
    pub(crate) read: Read,
    /// True if there may be more than those.
    pub(crate) is_cut: bool,
}

impl Chosen {
    /// Those of the events that a replay starts again.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &Summary> {
        let events = self.events.iter();
        events.filter(|event| event.status == Status::Failed)
    }
}

/// Finds the events that ids or a filter name.
///
/// # Errors
/// [`Failure`] when a word is neither, both kinds are there, or AWS does not answer.
pub(crate) async fn choose(
    stack: &Stack,
    words: &[String],
    limits: Limits,
    now: Timestamp,
) -> Result<Chosen, Failure> {
    let mut chosen = match read(words)? {
        What::Ids(keys) => by_id(stack, keys).await?,
        What::Filter(filter) => by_filter(stack, &filter, limits, now).await?,
    };
    chosen
        .events
        .sort_by_key(|event| std::cmp::Reverse(position(event)));
    Ok(chosen)
}

enum What {
    Ids(Vec<EventKey>),
    Filter(Filter),
}

/// A word that reads as one of a filter is one: an id has slashes before its first colon.
fn read(words: &[String]) -> Result<What, Failure> {
    let key = |word: &String| match Term::read(word) {
        Ok(_) => None,
        Err(_) => word.parse::<EventKey>().ok(),
    };
    let mut keys: Vec<_> = words.iter().filter_map(key).collect();
    if keys.len() == words.len() {
        keys.sort();
        keys.dedup();
        return Ok(What::Ids(keys));
    }
    if keys.is_empty() {
        let filter = Filter::of_words(words);
        return filter
            .map(What::Filter)
            .map_err(|error| Failure::usage(error.to_string()));
    }
    Err(Failure::usage(
        "ids and a filter do not go together; run one after the other",
    ))
}

async fn by_id(stack: &Stack, keys: Vec<EventKey>) -> Result<Chosen, Failure> {
    let found = stack.ledger()?.summaries(&keys).await;
    let events = found.map_err(|error| Failure::new("the ledger", error))?;
    let is_there = |key: &EventKey| events.iter().any(|event| event.key == *key);
    Ok(Chosen {
        unknown: keys.into_iter().filter(|key| !is_there(key)).collect(),
        events,
        is_by_id: true,
        ..Chosen::default()
    })
}

async fn by_filter(
    stack: &Stack,
    filter: &Filter,
    limits: Limits,
    now: Timestamp,
) -> Result<Chosen, Failure> {
    let page = page(stack, filter, None, limits, now).await?;
    Ok(Chosen {
        events: page.events,
        read: page.read,
        is_cut: page.next.is_some() || page.is_cut,
        ..Chosen::default()
    })
}
