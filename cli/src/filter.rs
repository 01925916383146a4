//! The language in which commands, URLs and the console choose events: words of the form `key:value`.
//!
//! Words with different keys must all hold. Of several with one key, and of several with one path of a payload,
//! one must.

mod error;
mod term;
mod words;

use std::fmt;
use std::str::FromStr;

use webhooks::event::EventKey;
use webhooks::ledger::{Status, Summary};
use webhooks::payload::Payload;
use webhooks::timestamp::Timestamp;

use crate::issue_key::issue_key;
use crate::moment::Moment;

pub use error::FilterError;
pub use term::Term;

/// The age of the oldest events that are meant where no word says since when.
const SINCE: Moment = Moment::Ago(std::time::Duration::from_secs(24 * 3600));

/// A choice of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// The filter with these terms.
    ///
    /// # Errors
    /// [`FilterError::Twice`] when a time is there twice.
    pub fn new(terms: Vec<Term>) -> Result<Self, FilterError> {
        for key in ["since", "until"] {
            if terms.iter().filter(|term| term.key() == key).count() > 1 {
                return Err(FilterError::Twice { key });
            }
        }
        Ok(Self { terms })
    }

    /// Reads words, each as it is: a shell has taken the quotes.
    ///
    /// # Errors
    /// [`FilterError`] that names the wrong word.
    pub fn of_words(words: &[String]) -> Result<Self, FilterError> {
        let terms = words.iter().map(|word| Term::read(&words::unquoted(word)));
        Self::new(terms.collect::<Result<_, _>>()?)
    }

    /// The same for another time range.
    #[must_use]
    pub fn between(&self, since: Timestamp, until: Timestamp) -> Self {
        let is_time = |term: &&Term| matches!(term, Term::Since(_) | Term::Until(_));
        let others = self.terms.iter().filter(|term| !is_time(term)).cloned();
        let times = [
            Term::Since(Moment::At(since)),
            Term::Until(Moment::At(until)),
        ];
        Self {
            terms: others.chain(times).collect(),
        }
    }

    /// True if a word with that key is there.
    pub fn has(&self, key: &str) -> bool {
        self.terms.iter().any(|term| term.key() == key)
    }

    /// The terms, in their order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The time range at `now`: the last day, where no word says another.
    pub fn range(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let moment = |wanted: &str| {
            self.terms.iter().find_map(|term| match term {
                Term::Since(moment) if wanted == "since" => Some(*moment),
                Term::Until(moment) if wanted == "until" => Some(*moment),
                _ => None,
            })
        };
        let since = moment("since").unwrap_or(SINCE).resolve(now);
        let until = moment("until").map_or(now, |until| until.resolve(now));
        (since, until)
    }

    /// The provider and the source, where each is named once.
    pub fn only_source(&self) -> Option<(String, String)> {
        let one = |wanted: &str| {
            let mut named = self.terms.iter().filter(|term| term.key() == wanted);
            match (named.next()?, named.next()) {
                (Term::Provider(name) | Term::Source(name), None) => Some(name.clone()),
                _ => None,
            }
        };
        Some((one("provider")?, one("source")?))
    }

    /// True if a source's events can be among those that are meant.
    pub fn takes_source(&self, provider: &str, source: &str) -> bool {
        self.any("provider", |term| {
            *term == Term::Provider(provider.to_owned())
        }) && self.any("source", |term| *term == Term::Source(source.to_owned()))
    }

    /// True if an event of that key and type can be meant, for all that an index says of it.
    pub fn takes_entry(&self, key: &EventKey, kind: &str) -> bool {
        self.takes_source(&key.provider, &key.source)
            && self.any("type", |term| term.takes_kind(kind))
            && self.any(
                "id",
                |term| matches!(term, Term::Id(id) if key.id.starts_with(id.as_str())),
            )
    }

    /// True if the event is meant, for all that the ledger says beside its payload.
    pub fn takes(&self, summary: &Summary, now: Timestamp) -> bool {
        let (since, until) = self.range(now);
        let cause = summary.cause.as_deref().unwrap_or_default().to_lowercase();
        let issue = || issue_key(&summary.kind, summary.cause.as_deref().unwrap_or_default());
        self.takes_entry(&summary.key, &summary.kind)
            && (since..=until).contains(&summary.received_at)
            && self.any("status", |term| *term == Term::Status(summary.status))
            && self.any(
                "cause",
                |term| matches!(term, Term::Cause(text) if cause.contains(&text.to_lowercase())),
            )
            && self.any("issue", |term| {
                summary.status == Status::Failed && *term == Term::Issue(issue())
            })
    }

    /// True if payloads have to be read.
    pub fn reads_payloads(&self) -> bool {
        self.has("data")
    }

    /// True if an event with this payload is meant, whatever else it is.
    pub fn takes_payload(&self, payload: &Payload<'_>) -> bool {
        let data: Vec<_> = self
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::Data { path, value } => Some((path, value)),
                _ => None,
            })
            .collect();
        data.iter().all(|(path, _)| {
            let found = payload.value(path);
            let found = found.as_deref().map(|found| found.get());
            let mut wanted = data.iter().filter(|(of, _)| of == path);
            found.is_some_and(|found| wanted.any(|(_, value)| is_value(found, value)))
        })
    }

    /// The statuses that are meant; none where any is.
    pub fn statuses(&self) -> Vec<Status> {
        if self.has("issue") {
            return vec![Status::Failed];
        }
        let status = |term: &Term| match term {
            Term::Status(status) => Some(*status),
            _ => None,
        };
        self.terms.iter().filter_map(status).collect()
    }

    /// True if no word has that key, or one that does holds.
    fn any(&self, key: &str, holds: impl Fn(&Term) -> bool) -> bool {
        let mut of_key = self
            .terms
            .iter()
            .filter(|term| term.key() == key)
            .peekable();
        of_key.peek().is_none() || of_key.any(holds)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    /// Reads words that white space parts, with quotes around what has some in it.
    fn from_str(text: &str) -> Result<Self, FilterError> {
        let words = words::split(text)?;
        let terms = words.iter().map(|word| Term::read(word));
        Self::new(terms.collect::<Result<_, _>>()?)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

/// True if JSON text is that value: a string by its characters, anything else as it is written.
fn is_value(json: &str, value: &str) -> bool {
    match serde_json::from_str::<String>(json) {
        Ok(text) => text == value,
        Err(_) => json == value,
    }
}
