//! Events as they come in.

mod seen;

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use webhooks::event::EventKey;
use webhooks::ledger::{Listed, Position, Status, Summary};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use super::line::Line;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::moment::Moment;
use crate::search::{Read, entries, position, sources, takes_payload};
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, say_json, warn};

use seen::{HOLD, Seen};

/// Polls that may fail one after the other before the command ends.
const FAILURES: u32 = 5;

/// The time after which the sources are asked for anew.
const SOURCES_AGE: Duration = Duration::from_secs(60);

/// Options of `webhooks events tail`.
#[derive(Args, Clone, Debug)]
pub(super) struct TailArgs {
    /// Which events, as in the list; since: shows older ones first
    pub(super) filter: Vec<String>,
    /// The time between two looks
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    every: Duration,
    /// End after so many events
    #[arg(long)]
    limit: Option<usize>,
}

/// A line of the JSON.
#[derive(Serialize)]
struct Tailed {
    #[serde(flatten)]
    line: Line,
    /// True if a younger event was shown before it.
    late: bool,
}

pub(super) async fn run(
    stack: &Stack,
    filter: &Filter,
    args: &TailArgs,
    json: bool,
) -> Result<ExitCode, Failure> {
    let now = Timestamp::now();
    let begin = if filter.has("since") {
        filter.range(now).0
    } else {
        now
    };
    let mut tail = Tail {
        stack,
        filter,
        seen: Seen::from(begin),
        sources: Vec::new(),
        sources_at: Timestamp::from_millis(0),
    };
    let (mut shown, mut failures) = (0, 0);
    loop {
        match tail.look(Timestamp::now()).await {
            Ok(events) => {
                failures = 0;
                for (summary, late) in events {
                    print(&summary, late, json)?;
                    shown += 1;
                    if Some(shown) == args.limit {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
            }
            Err(failure) if failures < FAILURES => {
                failures += 1;
                warn(format!("{failure}; looking again"));
            }
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(args.every).await;
    }
}

struct Tail<'a> {
    stack: &'a Stack,
    filter: &'a Filter,
    seen: Seen,
    sources: Vec<(String, String)>,
    sources_at: Timestamp,
}

impl Tail<'_> {
    /// The events that have not been shown, oldest first, and of each whether it comes late.
    async fn look(&mut self, now: Timestamp) -> Result<Vec<(Summary, bool)>, Failure> {
        let since = self.seen.since(now);
        let fresh = if self.filter.statuses() == [Status::Failed] {
            self.failed(since).await?
        } else {
            self.received(since, now).await?
        };
        let mut shown = Vec::new();
        for (at, summary) in fresh {
            if self.takes(&summary, at).await? {
                let late = self.seen.show(&summary.key, at);
                shown.push((summary, late));
            }
        }
        self.seen.looked(now);
        Ok(shown)
    }

    /// What was received since then and has not been seen.
    async fn received(
        &mut self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, Summary)>, Failure> {
        if self.sources_at.age(now) > SOURCES_AGE {
            self.sources = sources(self.stack, self.filter).await?;
            self.sources_at = now;
        }
        // What comes in at this moment may still be behind what is in the index.
        let until = Moment::Ago(HOLD).resolve(now);
        let mut found = entries(self.stack, &self.sources, since, until).await?;
        found.retain(|entry| {
            let Position { key, received_at } = &entry.position;
            self.filter.takes_entry(key, &entry.kind) && !self.seen.has(key, *received_at)
        });
        let keys: Vec<_> = found
            .into_iter()
            .map(|Listed { position, .. }| position.key)
            .collect();
        let mut summaries = self.summaries(&keys).await?;
        summaries.sort_by_key(|summary| std::cmp::Reverse(position(summary)));
        let timed = summaries
            .into_iter()
            .map(|summary| (summary.received_at, summary));
        Ok(timed.collect())
    }

    /// What has failed since then and has not been seen to fail at that time.
    async fn failed(&self, since: Timestamp) -> Result<Vec<(Timestamp, Summary)>, Failure> {
        let found = self.stack.ledger()?.failed_since(since).await;
        let mut found = found.map_err(|error| Failure::new("the ledger", error))?;
        found.retain(|(key, at)| {
            self.filter.takes_source(&key.provider, &key.source) && !self.seen.has(key, *at)
        });
        found.sort_by(|(a, then), (b, now)| then.cmp(now).then(a.cmp(b)));
        let keys: Vec<_> = found.iter().map(|(key, _)| key.clone()).collect();
        let summaries = self.summaries(&keys).await?.into_iter();
        let times: HashMap<_, _> = found.into_iter().collect();
        let timed = summaries.filter_map(|summary| Some((*times.get(&summary.key)?, summary)));
        Ok(timed.collect())
    }

    async fn summaries(&self, keys: &[EventKey]) -> Result<Vec<Summary>, Failure> {
        let summaries = self.stack.ledger()?.summaries(keys).await;
        summaries.map_err(|error| Failure::new("the ledger", error))
    }

    async fn takes(&mut self, summary: &Summary, at: Timestamp) -> Result<bool, Failure> {
        // Their times are those of what is looked at.
        let always = Timestamp::from_millis(0);
        let filter = self.filter.between(always, summary.received_at);
        if !filter.takes(summary, summary.received_at) {
            return Ok(false);
        }
        if !filter.reads_payloads() {
            return Ok(true);
        }
        let (ledger, bucket) = (self.stack.ledger()?, self.stack.bucket()?);
        let mut read = Read::default();
        let takes = takes_payload(&ledger, &bucket, &filter, &summary.key, &mut read).await?;
        if !takes {
            self.seen.pass(&summary.key, at);
        }
        Ok(takes)
    }
}

fn print(summary: &Summary, late: bool, json: bool) -> Result<(), Failure> {
    let line = Line::of(summary);
    if json {
        return say_json(&Tailed { line, late });
    }
    let mut text = format!(
        "{} {} {} {}",
        summary.received_at, line.status, line.kind, line.id
    );
    if let Some(cause) = &line.cause {
        text.push_str(&format!(": {cause}"));
    }
    if late {
        text.push_str(" (late)");
    }
    say(on_one_line(&text));
    Ok(())
}

/// The longest for which an entry that comes late is looked for.
pub(super) const LONGEST: Duration = Duration::from_secs(15 * 60);

const _: () = assert!(LONGEST.as_secs() > limits::GRACE.as_secs());
