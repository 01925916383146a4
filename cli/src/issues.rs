//! `webhooks issues`: failures grouped by type and cause.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde::Serialize;
use webhooks::event::EventKey;
use webhooks::ledger::{IssueMark, MarkKind, Status, Summary};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::filter::{Filter, Term};
use crate::issue_key::{issue_key, normalised};
use crate::moment::Moment;
use crate::pause::{self, Paused};
use crate::place::Place;
use crate::search::{Limits, page};
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, say_json};

/// The age of the oldest events whose failures are grouped where no word says since when.
const SINCE: Moment = Moment::Ago(Duration::from_secs(7 * 24 * 3600));

/// Options of `webhooks issues`.
#[derive(Args, Clone, Debug)]
pub struct IssuesArgs {
    #[command(subcommand)]
    command: Option<Command>,
    /// Failures of which events, as in webhooks events; without since: those received in the last 7 days
    filter: Vec<String>,
    /// Also muted and closed ones
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// Show an issue no more, whatever fails by it
    Mute {
        /// Its key
        key: String,
    },
    /// Show an issue no more until something fails by it again
    Close {
        /// Its key
        key: String,
    },
    /// Show an issue again
    Open {
        /// Its key
        key: String,
    },
}

/// Failures of one type for one cause. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Its name.
    pub key: String,
    /// The event type, which names the handler.
    #[serde(rename = "type")]
    pub kind: String,
    /// The cause, without what differs from event to event.
    pub cause: String,
    /// Events that have failed so and stand so.
    pub count: usize,
    /// When the first of them failed.
    pub first_failed_at: String,
    /// When the last of them failed.
    pub last_failed_at: String,
    /// The id of the last of them.
    pub example: String,
    /// What an operator has said about it.
    pub state: &'static str,
    #[serde(skip)]
    last: Timestamp,
}

/// The JSON of the list.
#[derive(Serialize)]
struct Listed<'a> {
    issues: &'a [Issue],
    events: usize,
    paused: Vec<Paused>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack is not there, does not answer, or has no such issue.
pub async fn run(args: &IssuesArgs) -> Result<ExitCode, Failure> {
    let (key, kind) = match &args.command {
        None => return list(args).await,
        Some(Command::Mute { key }) => (key, MarkKind::Muted),
        Some(Command::Close { key }) => (key, MarkKind::Closed),
        Some(Command::Open { key }) => (key, MarkKind::Open),
    };
    let stack = args.place.stack().await?;
    let now = Timestamp::now();
    let filter = Filter::new(vec![Term::Issue(key.clone()), Term::Since(ALWAYS)]);
    let filter = filter.map_err(|error| Failure::usage(error.to_string()))?;
    let mut known = issues(&stack, &filter, now).await?;
    let Some(issue) = known.first_mut() else {
        let message = format!("no failure belongs to an issue {key}; webhooks issues lists them");
        return Err(Failure::of(message));
    };
    let mark = IssueMark {
        kind,
        at: now,
        by: args.place.caller(&stack).await?,
    };
    let expires_at = now.after(stack.retention());
    let marked = stack.ledger()?.mark_issue(key, &mark, expires_at).await;
    marked.map_err(|error| Failure::new("the ledger", error))?;
    issue.state = kind.as_str();
    if args.json {
        let (issues, events) = (&known[..], known[0].count);
        let paused = pause::lasting(&stack.ledger()?).await?;
        say_json(&Listed {
            issues,
            events,
            paused,
        })?;
    } else {
        say(format!("{key} is {}", kind.as_str()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Longer ago than any ledger keeps an event.
const ALWAYS: Moment = Moment::Ago(Duration::from_secs(10 * 365 * 24 * 3600));

async fn list(args: &IssuesArgs) -> Result<ExitCode, Failure> {
    let words = Filter::of_words(&args.filter);
    let words = words.map_err(|error| Failure::usage(error.to_string()))?;
    let mut terms = words.terms().to_vec();
    if !words.has("since") {
        terms.push(Term::Since(SINCE));
    }
    let filter = Filter::new(terms).map_err(|error| Failure::usage(error.to_string()))?;
    let stack = args.place.stack().await?;
    let mut issues = issues(&stack, &filter, Timestamp::now()).await?;
    if !args.all {
        issues.retain(|issue| issue.state == MarkKind::Open.as_str());
    }
    let events = issues.iter().map(|issue| issue.count).sum();
    let paused = pause::lasting(&stack.ledger()?).await?;
    if !args.json {
        pause::tell(&paused);
    }
    if args.json {
        say_json(&Listed {
            issues: &issues,
            events,
            paused,
        })?;
    } else if issues.is_empty() {
        say("no issues");
    } else {
        say(table(&issues));
    }
    Ok(ExitCode::SUCCESS)
}

/// The issues that the failures among the events of a filter belong to; the one that failed last first.
///
/// # Errors
/// [`Failure`] when the stack does not answer.
pub async fn issues(stack: &Stack, filter: &Filter, now: Timestamp) -> Result<Vec<Issue>, Failure> {
    let mut terms = filter.terms().to_vec();
    terms.retain(|term| term.key() != "status");
    terms.push(Term::Status(Status::Failed));
    let filter = Filter::new(terms).map_err(|error| Failure::usage(error.to_string()))?;
    let all = Limits {
        events: usize::MAX,
        lines: usize::MAX,
        payloads: usize::MAX,
    };
    let found = page(stack, &filter, None, all, now).await?.events;
    let ledger = stack.ledger()?;
    let failed = ledger.failed_since(Timestamp::from_millis(0)).await;
    let failed = failed.map_err(|error| Failure::new("the ledger", error))?;
    group(stack, found, failed).await
}

/// The issues that these events belong to, of which the failed ones failed at these times.
///
/// # Errors
/// [`Failure`] when DynamoDB does not answer.
pub async fn group(
    stack: &Stack,
    found: Vec<Summary>,
    failed: Vec<(EventKey, Timestamp)>,
) -> Result<Vec<Issue>, Failure> {
    let failure = |error| Failure::new("the ledger", error);
    let failed: HashMap<EventKey, Timestamp> = failed.into_iter().collect();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for event in found {
        // It may have been started again since.
        let Some(at) = failed.get(&event.key) else {
            continue;
        };
        let cause = event.cause.unwrap_or_default();
        let key = issue_key(&event.kind, &cause);
        let group = groups.entry(key).or_insert_with(|| Group {
            kind: event.kind,
            cause: normalised(&cause),
            failures: Vec::new(),
        });
        group.failures.push((*at, event.key));
    }
    let keys: Vec<_> = groups.keys().cloned().collect();
    let marks = stack.ledger()?.issue_marks(&keys).await.map_err(failure)?;
    let groups = groups.into_iter();
    let issues = groups.filter_map(|(key, group)| group.issue(&key, marks.get(&key)));
    let mut issues: Vec<_> = issues.collect();
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.last));
    Ok(issues)
}

struct Group {
    kind: String,
    cause: String,
    failures: Vec<(Timestamp, EventKey)>,
}

impl Group {
    fn issue(self, key: &str, mark: Option<&IssueMark>) -> Option<Issue> {
        let (first, _) = self.failures.iter().min()?;
        let (last, example) = self.failures.iter().max()?;
        let state = match mark {
            Some(mark) if mark.kind == MarkKind::Closed && mark.at < *last => MarkKind::Open,
            Some(mark) => mark.kind,
            None => MarkKind::Open,
        };
        Some(Issue {
            key: key.to_owned(),
            count: self.failures.len(),
            first_failed_at: first.to_string(),
            last_failed_at: last.to_string(),
            example: example.to_string(),
            state: state.as_str(),
            last: *last,
            kind: self.kind,
            cause: self.cause,
        })
    }
}

fn table(issues: &[Issue]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "KEY", "COUNT", "FIRST", "LAST", "STATE", "TYPE", "CAUSE", "EXAMPLE",
    ]);
    for issue in issues {
        table.add_row([
            issue.key.clone(),
            issue.count.to_string(),
            issue.first_failed_at.clone(),
            issue.last_failed_at.clone(),
            issue.state.to_owned(),
            on_one_line(&issue.kind).into_owned(),
            on_one_line(&issue.cause).into_owned(),
            on_one_line(&issue.example).into_owned(),
        ]);
    }
    table
}
