//! The list of events.

use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;
use webhooks::ledger::{Position, Summary};
use webhooks::timestamp::Timestamp;

use super::{Line, option, read_filter};
use crate::failure::Failure;
use crate::filter::Filter;
use crate::pause::{self, Paused};
use crate::place::Place;
use crate::search::{Limits, Page, Read, page};
use crate::terminal::{on_one_line, say, say_json, warn};

/// Options of the list.
#[derive(Args, Clone, Debug)]
pub(super) struct ListArgs {
    /// Which events: provider:NAME source:NAME type:github.push type:stripe.charge.* status:failed since:24h
    /// until:TIME cause:TEXT id:BEGINNING issue:KEY data.path=value
    filter: Vec<String>,
    /// Only this provider
    #[arg(long)]
    provider: Option<String>,
    /// Only this source
    #[arg(long)]
    source: Option<String>,
    /// Only this type (github.push), or all that begin so (stripe.charge.*)
    #[arg(long = "type")]
    kind: Option<String>,
    /// Only events that stand here: received, processing, waiting, done, ignored, failed
    #[arg(long)]
    status: Option<String>,
    /// Only events received since then: an age (90s, 15m, 36h, 7d) or a time (2026-01-31T00:00:00Z); left out: 24h
    #[arg(long)]
    since: Option<String>,
    /// Only events received until then; left out: now
    #[arg(long)]
    until: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// At most so many payloads read, where the filter looks into them
    #[arg(long, default_value_t = 500)]
    payloads: usize,
    /// Go on after a page: the text that it gave
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

/// The JSON of a page.
#[derive(Serialize)]
struct Listed {
    events: Vec<Line>,
    next: Option<String>,
    read: Read,
    paused: Vec<Paused>,
}

impl ListArgs {
    /// The words and the options of the same meaning as one filter.
    pub(super) fn filter(&self) -> Result<Filter, Failure> {
        let words = read_filter(&self.filter)?;
        let mut terms = words.terms().to_vec();
        for (key, value) in [
            ("provider", &self.provider),
            ("source", &self.source),
            ("type", &self.kind),
            ("status", &self.status),
            ("since", &self.since),
            ("until", &self.until),
        ] {
            let Some(term) = option(key, value.as_ref())? else {
                continue;
            };
            if words.has(key) {
                let message = format!("--{key} and {key}: say the same; leave one out");
                return Err(Failure::usage(message));
            }
            terms.push(term);
        }
        Filter::new(terms).map_err(|error| Failure::usage(error.to_string()))
    }
}

pub(super) async fn run(
    place: &Place,
    filter: &Filter,
    args: &ListArgs,
    json: bool,
) -> Result<ExitCode, Failure> {
    let after: Option<Position> = match &args.after {
        Some(text) => Some(
            text.parse()
                .map_err(|error| Failure::usage(format!("--after {text}: {error}")))?,
        ),
        None => None,
    };
    let limits = Limits {
        events: args.limit,
        lines: usize::MAX,
        payloads: args.payloads,
    };
    let stack = place.stack().await?;
    let page = page(&stack, filter, after, limits, Timestamp::now()).await?;
    let paused = pause::lasting(&stack.ledger()?).await?;
    if json {
        let listed = Listed {
            events: page.events.iter().map(Line::of).collect(),
            next: page.next.as_ref().map(Position::to_string),
            read: page.read,
            paused,
        };
        say_json(&listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    pause::tell(&paused);
    if page.events.is_empty() {
        say("no events match")
    } else {
        say(table(&page.events))
    }
    tell(&page, filter);
    Ok(ExitCode::SUCCESS)
}

/// What was read, where it costs, and how the list goes on. Beside the list, so that it stays one.
fn tell(page: &Page, filter: &Filter) {
    let read = &page.read;
    if filter.reads_payloads() {
        warn(format!(
            "{} payloads read, {} bytes; {} were not there any more",
            read.payloads, read.payload_bytes, read.payloads_gone
        ));
    }
    if let Some(next) = &page.next {
        warn(format!("there may be more: --after {next}"));
    }
}

/// Events as lines for people.
pub(super) fn table(summaries: &[Summary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "RECEIVED",
        "TYPE",
        "STATUS",
        "ATTEMPTS",
        "DUPLICATES",
        "ID",
        "CAUSE",
    ]);
    for summary in summaries {
        table.add_row([
            summary.received_at.to_string(),
            on_one_line(&summary.kind).into_owned(),
            summary.status.as_str().to_owned(),
            summary.attempts.to_string(),
            summary.duplicates.to_string(),
            on_one_line(&summary.key.to_string()).into_owned(),
            on_one_line(summary.cause.as_deref().unwrap_or_default()).into_owned(),
        ]);
    }
    table
}
