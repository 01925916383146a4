//! `webhooks audit`: holds the histories of a real ledger against the transitions that it makes.

use std::process::ExitCode;

use clap::Args;
use futures::stream::{self, StreamExt};
use webhooks::event::EventKey;
use webhooks::ledger::{Illegal, Ledger, Listing};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::moment::{Moment, parse_moment};
use crate::place::Place;
use crate::stack::Stack;
use crate::terminal::{say, warn};

/// Events read at a time.
const CONCURRENCY: usize = 8;

/// Options of `webhooks audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// Only events received since then: an age (90s, 15m, 36h, 7d) or a time (2026-01-31T00:00:00Z)
    #[arg(long, default_value = "24h", value_parser = parse_moment)]
    since: Moment,
    #[command(flatten)]
    place: Place,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Events whose history was read.
    pub events: usize,
    /// Those whose history the ledger cannot have left, and why.
    pub illegal: Vec<(EventKey, Vec<Illegal>)>,
}

/// Runs the command. The exit code is 1 when a history is not legal.
///
/// # Errors
/// [`Failure`] when the stack is not there or does not answer.
pub async fn run(args: &AuditArgs) -> Result<ExitCode, Failure> {
    let stack = args.place.stack().await?;
    let audited = audit(&stack, args.since.resolve(Timestamp::now())).await?;
    for (key, illegal) in &audited.illegal {
        let why: Vec<String> = illegal.iter().map(Illegal::to_string).collect();
        warn(format!("{key}: {}", why.join("; ")));
    }
    say(format!(
        "{} histories, {} of them illegal",
        audited.events,
        audited.illegal.len()
    ));
    Ok(match audited.illegal.len() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Reads the history of every event of every registered source.
///
/// # Errors
/// As [`run`].
pub async fn audit(stack: &Stack, since: Timestamp) -> Result<Audited, Failure> {
    let ledger = stack.ledger()?;
    let mut audited = Audited::default();
    for (provider, source) in stack.sources().await? {
        let listing = Listing {
            provider,
            source,
            kind: None,
            status: None,
            since,
            until: Timestamp::now(),
            limit: usize::MAX,
        };
        let events = ledger.list(&listing).await;
        let events = events.map_err(|error| Failure::new("the ledger", error))?;
        let reads = events.into_iter().map(|event| read(&ledger, event.key));
        let mut reads = stream::iter(reads).buffer_unordered(CONCURRENCY);
        while let Some(read) = reads.next().await {
            let (key, illegal) = read?;
            audited.events += 1;
            if !illegal.is_empty() {
                audited.illegal.push((key, illegal));
            }
        }
    }
    Ok(audited)
}

async fn read(ledger: &Ledger, key: EventKey) -> Result<(EventKey, Vec<Illegal>), Failure> {
    let found = ledger.find(&key).await;
    let found = found.map_err(|error| Failure::new("the ledger", error))?;
    // It may have expired since it was listed.
    let illegal = found
        .map(|item| item.illegalities(limits::CALL))
        .unwrap_or_default();
    Ok((key, illegal))
}
