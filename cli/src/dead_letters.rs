//! `webhooks dead-letters`: what lies in the dead-letter queue and why, and what to do with some of it.
//!
//! A queue cannot be read without receiving: for a minute at most nobody else sees a message that is looked at. What
//! is not moved or dropped is given back at once, also when something goes wrong.

pub(crate) mod letter;
pub(crate) mod visit;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Table, presets};
use serde::Serialize;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::filter::{Filter, Term};
use crate::place::Place;
use crate::terminal::{on_one_line, say, say_json};

use letter::{Letter, Outcome, Why};
use visit::Visit;

/// Options of `webhooks dead-letters`.
#[derive(Args, Clone, Debug)]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    command: Option<Command>,
    /// At most so many are looked at
    #[arg(long, global = true, default_value_t = 200)]
    limit: usize,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// Move some back into the queue
    Redrive(Choice),
    /// Delete some
    Drop(Choice),
}

/// Which messages are meant, of those that are looked at.
#[derive(Args, Clone, Debug)]
struct Choice {
    /// Ids of messages or their beginnings, or a filter of the events that they carry, as in webhooks events
    #[arg(required_unless_present = "why")]
    what: Vec<String>,
    /// Only those that are there for this reason
    #[arg(long)]
    why: Option<Why>,
    /// Do it; without it the command says what it would do
    #[arg(long)]
    yes: bool,
}

/// What is done with those that are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Redrive,
    Drop,
}

/// The JSON of the command. The fields stay.
#[derive(Serialize)]
struct Report<'a> {
    messages: &'a [Letter],
    groups: Vec<Group>,
    complete: bool,
    ran: bool,
}

#[derive(Serialize)]
struct Group {
    why: Why,
    #[serde(rename = "type")]
    kind: Option<String>,
    count: usize,
}

/// Runs the command. The exit code is 1 when something could not be moved or dropped.
///
/// # Errors
/// [`Failure`] when a word is wrong, or AWS does not answer.
pub async fn run(args: &DeadLettersArgs) -> Result<ExitCode, Failure> {
    let (choice, action) = match &args.command {
        None => (None, Action::Redrive),
        Some(Command::Redrive(choice)) => (Some(choice), Action::Redrive),
        Some(Command::Drop(choice)) => (Some(choice), Action::Drop),
    };
    let chosen = choice
        .map(|choice| Chosen::read(&choice.what, choice.why))
        .transpose()?;
    let stack = args.place.stack().await?;
    let mut visit = Visit::begin(&stack, args.limit).await?;
    let done = async {
        visit.explain(&stack).await?;
        if let (Some(chosen), Some(choice)) = (&chosen, choice) {
            visit.keep_only(|letter| chosen.takes(letter));
            visit.act(&stack, action, choice.yes).await?;
        }
        Ok(())
    };
    let done: Result<(), Failure> = done.await;
    // Whatever happened before.
    visit.give_back().await;
    done?;
    let ran = choice.is_some_and(|choice| choice.yes);
    report(&visit, args.json, ran, choice.is_some())?;
    let is_well = visit
        .letters()
        .iter()
        .all(|letter| letter.outcome != Outcome::Error);
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn report(visit: &Visit, json: bool, ran: bool, is_action: bool) -> Result<(), Failure> {
    let letters = visit.letters();
    let groups = groups(letters);
    let complete = visit.is_complete();
    if json {
        return say_json(&Report {
            messages: letters,
            groups,
            complete,
            ran,
        });
    }
    if letters.is_empty() {
        say("no dead letters match");
    } else {
        say(table(letters));
    }
    for group in groups {
        let kind = group.kind.unwrap_or_else(|| "no event".to_owned());
        say(on_one_line(&format!(
            "{} {}: {kind}",
            group.count,
            group.why.as_str()
        )));
    }
    if !complete {
        say("there may be more: --limit looks at more of them");
    }
    if is_action && !ran {
        say("nothing was changed; to do it, say --yes");
    }
    Ok(())
}

fn groups(letters: &[Letter]) -> Vec<Group> {
    let mut counts: BTreeMap<(Why, Option<String>), usize> = BTreeMap::new();
    for letter in letters {
        *counts.entry((letter.why, letter.kind.clone())).or_default() += 1;
    }
    let counts = counts.into_iter();
    let groups = counts.map(|((why, kind), count)| Group { why, kind, count });
    groups.collect()
}

/// The messages that are meant.
struct Chosen {
    ids: Vec<String>,
    filter: Option<Filter>,
    why: Option<Why>,
}

impl Chosen {
    fn read(words: &[String], why: Option<Why>) -> Result<Self, Failure> {
        let is_id = |word: &&String| {
            let allowed = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
            word.len() >= 4 && word.bytes().all(allowed)
        };
        let (ids, words): (Vec<_>, Vec<_>) = words.iter().partition(is_id);
        let words: Vec<String> = words.into_iter().cloned().collect();
        if !ids.is_empty() && !words.is_empty() {
            let message = "ids and a filter do not go together; run one after the other";
            return Err(Failure::usage(message));
        }
        let filter = Filter::of_words(&words).map_err(|error| Failure::usage(error.to_string()))?;
        let odd = |term: &&Term| matches!(term.key(), "cause" | "issue" | "data");
        if let Some(term) = filter.terms().iter().find(odd) {
            return Err(Failure::usage(format!(
                "{term}: dead letters are chosen by provider, source, type, id, status and time"
            )));
        }
        Ok(Self {
            ids: ids.into_iter().cloned().collect(),
            filter: (!words.is_empty()).then_some(filter),
            why,
        })
    }

    fn takes(&self, letter: &Letter) -> bool {
        let by_id = self.ids.is_empty() || self.ids.iter().any(|id| letter.message.starts_with(id));
        let by_filter = self.filter.as_ref();
        let by_filter = by_filter.is_none_or(|filter| letter.is_meant_by(filter, Timestamp::now()));
        let by_why = self.why.is_none_or(|why| why == letter.why);
        by_id && by_filter && by_why
    }
}

fn table(letters: &[Letter]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "MESSAGE", "SENT", "RECEIVES", "OUTCOME", "EVENT", "TYPE", "WHY",
    ]);
    for letter in letters {
        let text =
            |text: &Option<String>| on_one_line(text.as_deref().unwrap_or_default()).into_owned();
        table.add_row([
            on_one_line(&letter.message).into_owned(),
            text(&letter.sent_at),
            letter.receives.to_string(),
            letter.outcome.as_str().to_owned(),
            text(&letter.event),
            text(&letter.kind),
            on_one_line(&letter.detail).into_owned(),
        ]);
    }
    table
}

impl ValueEnum for Why {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Unreadable, Self::UnknownEvent, Self::KnownEvent]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}
