//! `lab malformed`: requests that no provider sends, and the answer that each gets.

use super::clock::Clock;
use super::stage::{FaultPlan, Stage};
use super::traffic::{Heard, status};
use crate::host::{Fate, Life};
use crate::proxy::Call;
use clap::Args;
use comfy_table::{Table, presets};
use std::collections::BTreeSet;
use std::process::{ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;
use webhooks_cli::failure::Failure;
use webhooks_cli::functions::Invoked;
use webhooks_cli::project::Project;

mod requests;

use self::requests::requests;

/// Options of `lab malformed`.
#[derive(Args, Clone, Debug)]
pub struct MalformedArgs {}

/// The result of all requests.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each request and its answer.
    pub rows: Vec<(String, String, Heard)>,
    /// Calls that write: to the ledger, the queue or the bucket.
    pub writes: usize,
    /// Processes that ended.
    pub deaths: usize,
}

/// Counts what must not happen.
#[derive(Debug, Default)]
struct Watch {
    writes: AtomicUsize,
    deaths: AtomicUsize,
}

impl Fate for Watch {
    fn begin(&self, _: &str, _: Uuid) -> Life {
        Life::default()
    }

    fn end(&self, _: &str, _: Uuid, _: ExitStatus) {
        self.deaths.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn run(_: &MalformedArgs) -> Result<ExitCode, Failure> {
    let outcome = refuse(&Project::here()?).await?;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let functions: BTreeSet<&str> = outcome.rows.iter().map(|row| row.0.as_str()).collect();
    table.set_header(["request"].into_iter().chain(functions.iter().copied()));
    let mut seen = BTreeSet::new();
    for (_, what, _) in &outcome.rows {
        if seen.insert(what) {
            let answers = functions
                .iter()
                .map(|function| outcome.answer(function, what));
            table.add_row([what.clone()].into_iter().chain(answers));
        }
    }
    println!("{table}");
    let wrong = outcome.wrong();
    println!(
        "\n{} requests: {} answered otherwise than with 4xx, {} writes, {} processes ended",
        outcome.rows.len(),
        wrong.len(),
        outcome.writes,
        outcome.deaths
    );
    Ok(if outcome.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Outcome {
    fn answer(&self, function: &str, what: &str) -> String {
        let mut rows = self.rows.iter();
        match rows.find(|row| row.0 == function && row.1 == what) {
            Some((_, _, Heard::Status(status))) => status.to_string(),
            Some((_, _, Heard::Nothing)) => "none".to_owned(),
            None => String::new(),
        }
    }

    /// Requests with another answer than a 4xx.
    pub fn wrong(&self) -> Vec<&str> {
        let fine = |heard: &Heard| matches!(heard, Heard::Status(400..=499));
        let rows = self.rows.iter().filter(|(_, _, heard)| !fine(heard));
        rows.map(|(_, what, _)| what.as_str()).collect()
    }

    /// True if every request was refused, nothing was written and nobody ended.
    pub fn is_clean(&self) -> bool {
        self.wrong().is_empty() && self.writes == 0 && self.deaths == 0
    }
}

/// Sends every request to its function.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn refuse(project: &Project) -> Result<Outcome, Failure> {
    let watch = Arc::new(Watch::default());
    let fate = Arc::clone(&watch);
    let stage = Stage::set(project, Clock::start(), fate, count_writes(&watch)).await?;
    let mut outcome = Outcome::default();
    for (function, what, request) in requests(project, &stage)? {
        let answer = stage
            .invoker
            .invoke(stage.function(&function)?, &request)
            .await;
        let heard = match answer {
            Invoked::Returned(body) => status(&body),
            Invoked::Failed(_) => Heard::Nothing,
        };
        outcome.rows.push((function, what, heard));
    }
    outcome.writes = watch.writes.load(Ordering::SeqCst);
    outcome.deaths = watch.deaths.load(Ordering::SeqCst);
    Ok(outcome)
}

fn count_writes(watch: &Arc<Watch>) -> FaultPlan {
    let watch = Arc::clone(watch);
    Arc::new(move |_, call: &Call| {
        let reads = ["GetItem", "GetQueueAttributes", "GetParametersByPath"];
        if !reads.contains(&call.operation.as_str()) {
            watch.writes.fetch_add(1, Ordering::SeqCst);
        }
        None
    })
}
