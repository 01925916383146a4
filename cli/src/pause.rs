//! `webhooks pause` and `webhooks resume`: the processing of a source stops and goes on, while receipt goes on.
//!
//! Nothing is written to the paused events. Their messages are dropped when they come, and the relay sends them again
//! when the pause is over; `resume` sends them at once, so that nobody waits for the relay.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use futures::stream::{self, StreamExt};
use serde::Serialize;
use webhooks::envelope::envelope;
use webhooks::event::EventKey;
use webhooks::ledger::{Ledger, Pause, Pauses, Status};
use webhooks::limits;
use webhooks::queue::Queue;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::moment::Moment;
use crate::place::Place;
use crate::search::entries;
use crate::send::find_provider;
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, say_json};

/// What was received for this long may not have been listed by the relay yet.
const UNLISTED: Duration = Duration::from_secs(5 * 60);

/// Events sent at a time.
const CONCURRENCY: usize = 10;

/// Options of `webhooks pause`.
#[derive(Args, Clone, Debug)]
pub struct PauseArgs {
    /// The provider, and the source after a slash where only that one is meant; left out: the pauses that last
    what: Option<String>,
    /// The reason, for whoever sees the pause
    #[arg(long, default_value = "", requires = "what")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Options of `webhooks resume`.
#[derive(Args, Clone, Debug)]
pub struct ResumeArgs {
    /// What was paused, as webhooks pause shows it
    what: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// A pause that lasts. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paused {
    /// The provider, and the source after a slash where only that one is paused.
    pub what: String,
    /// Its beginning.
    pub since: String,
    /// The caller who paused it.
    pub by: String,
    /// The reason that he gave; empty for none.
    pub reason: String,
}

impl Paused {
    fn of(pause: &Pause) -> Self {
        Self {
            what: pause.what.clone(),
            since: pause.at.to_string(),
            by: pause.by.clone(),
            reason: pause.reason.clone(),
        }
    }

    fn line(&self) -> String {
        let Self {
            what,
            since,
            by,
            reason,
        } = self;
        let colon = if reason.is_empty() { "" } else { ": " };
        let line = format!("paused: {what} since {since} by {by}{colon}{reason}");
        on_one_line(&line).into_owned()
    }
}

/// The pauses that last, for the head of what other commands print.
///
/// # Errors
/// [`Failure`] when DynamoDB does not answer.
pub async fn lasting(ledger: &Ledger) -> Result<Vec<Paused>, Failure> {
    let pauses = ledger.pauses().await.map_err(unanswered)?;
    Ok(pauses.all().iter().map(Paused::of).collect())
}

/// Prints a line for each pause.
pub fn tell(pauses: &[Paused]) {
    for pause in pauses {
        say(pause.line());
    }
}

/// The JSON of `webhooks pause`. The fields stay.
#[derive(Serialize)]
struct Listed {
    paused: Vec<Paused>,
}

/// The JSON of `webhooks resume`. The fields stay.
#[derive(Serialize)]
struct Resumed {
    resumed: String,
    /// Events that were sent at once.
    sent: usize,
    /// Events that the queue did not take, or the ledger did not give; the relay sends them.
    left: usize,
    /// The pauses that last.
    paused: Vec<Paused>,
}

/// Runs `webhooks pause`.
///
/// # Errors
/// [`Failure`] when there is no such source, or the stack does not answer.
pub async fn run(args: &PauseArgs) -> Result<ExitCode, Failure> {
    if let Some(what) = &args.what {
        find_provider(parts(what).0)?;
    }
    let stack = args.place.stack().await?;
    let ledger = stack.ledger()?;
    if let Some(what) = &args.what {
        check_registered(&stack, what).await?;
        let pause = Pause {
            what: what.clone(),
            at: Timestamp::now(),
            by: args.place.caller(&stack).await?,
            reason: args.reason.clone(),
        };
        ledger.pause(&pause).await.map_err(unanswered)?;
    }
    let paused = lasting(&ledger).await?;
    if args.json {
        say_json(&Listed { paused })?;
    } else if paused.is_empty() {
        say("nothing is paused");
    } else {
        tell(&paused);
    }
    if !args.json && args.what.is_some() {
        let seconds = limits::PAUSES_AGE.as_secs();
        say(format!(
            "processors know of it within {seconds} s; what they have in hand goes on to its end"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `webhooks resume`. The exit code is 1 when something is left to the relay.
///
/// # Errors
/// [`Failure`] when nothing of that name is paused, or the stack does not answer.
pub async fn resume(args: &ResumeArgs) -> Result<ExitCode, Failure> {
    find_provider(parts(&args.what).0)?;
    let stack = args.place.stack().await?;
    let ledger = stack.ledger()?;
    if ledger
        .resume(&args.what)
        .await
        .map_err(unanswered)?
        .is_none()
    {
        let message = format!("{} is not paused; webhooks pause lists what is", args.what);
        return Err(Failure::of(message));
    }
    // A processor that still knew of the pause would drop what is sent now, and the relay comes late to it.
    tokio::time::sleep(limits::PAUSES_AGE + limits::SKEW).await;
    let pauses = ledger.pauses().await.map_err(unanswered)?;
    let (sent, left) = send_waiting(&stack, &args.what, &pauses).await?;
    let paused = lasting(&ledger).await?;
    if args.json {
        say_json(&Resumed {
            resumed: args.what.clone(),
            sent,
            left,
            paused,
        })?;
    } else {
        tell(&paused);
        let events = if sent == 1 { "event" } else { "events" };
        say(format!("{} goes on; {sent} {events} sent", args.what));
        if left > 0 {
            say(format!(
                "{left} could not be; the relay sends them within the hour"
            ));
        }
    }
    Ok(if left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Provider and source.
fn parts(what: &str) -> (&str, Option<&str>) {
    match what.split_once('/') {
        Some((provider, source)) => (provider, Some(source)),
        None => (what, None),
    }
}

/// A pause of what is misspelt would stop nothing.
async fn check_registered(stack: &Stack, what: &str) -> Result<(), Failure> {
    let sources = stack.sources().await?;
    let mut all = sources.iter();
    if all.any(|(provider, source)| is_meant(what, provider, source)) {
        return Ok(());
    }
    let known = sources.iter().map(|(one, other)| format!("{one}/{other}"));
    let known: Vec<String> = known.collect();
    Err(Failure::of(format!(
        "no source {what} is registered; there are {}",
        known.join(", ")
    )))
}

/// Sends the events of a source that could be processed now; gives how many were sent and how many were not.
async fn send_waiting(
    stack: &Stack,
    what: &str,
    pauses: &Pauses,
) -> Result<(usize, usize), Failure> {
    let (ledger, queue) = (stack.ledger()?, stack.queue()?);
    let listed = ledger.unfinished().await.map_err(unanswered)?;
    let mut keys: BTreeSet<EventKey> = listed.into_iter().collect();
    keys.extend(received_lately(stack, what).await?);
    keys.retain(|key| is_meant(what, &key.provider, &key.source) && !pauses.cover(key));
    let sendings = keys.iter().map(|key| send(&ledger, &queue, key));
    let results: Vec<Option<bool>> = stream::iter(sendings)
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let count = |wanted: bool| results.iter().filter(|one| **one == Some(wanted)).count();
    Ok((count(true), count(false)))
}

/// What the sources have received lately.
async fn received_lately(stack: &Stack, what: &str) -> Result<Vec<EventKey>, Failure> {
    let mut sources = stack.sources().await?;
    sources.retain(|(provider, source)| is_meant(what, provider, source));
    let now = Timestamp::now();
    let since = Moment::Ago(UNLISTED).resolve(now);
    let entries = entries(stack, &sources, since, now).await?.into_iter();
    Ok(entries.map(|entry| entry.position.key).collect())
}

fn is_meant(what: &str, provider: &str, source: &str) -> bool {
    let (one, other) = parts(what);
    one == provider && other.is_none_or(|other| other == source)
}

/// Sends an event, if it could be processed now; says whether it was sent.
async fn send(ledger: &Ledger, queue: &Queue, key: &EventKey) -> Option<bool> {
    let Ok(found) = ledger.find(key).await else {
        return Some(false);
    };
    let item = found?;
    let is_open = matches!(
        item.state.status,
        Status::Received | Status::Waiting | Status::Processing
    );
    let now = Timestamp::now();
    let is_due = item.state.due_at.is_none_or(|due_at| due_at <= now);
    if !is_open || !is_due {
        return None;
    }
    let sent = queue.send(envelope(&item.receipt.event), None).await;
    Some(sent.is_ok())
}

fn unanswered(error: webhooks::ledger::LedgerError) -> Failure {
    Failure::new("the ledger", error)
}
