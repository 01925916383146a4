//! `lab outages`: each call to AWS of each function, broken in each way, and what comes of it.
//!
//! Every cell of the table has a source of its own, by whose name the proxies recognise its calls,
//! so that many cells are tried side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::future::{join_all, try_join_all};
use futures::stream::{self, StreamExt};
use webhooks::ledger::Item;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::stack::development_secret;

use super::audit::{Audit, Standing, settle};
use super::clock::{Clock, hastened};
use super::killer::Killer;
use super::progress::Progress;
use super::random_faults::FAULTS;
use super::rules::{EVERYWHERE, Rule, Rules, source};
use super::stage::Stage;
use super::traffic::{Delivered, Heard, Kind, Parcel, Traffic};
use crate::proxy::Fault;

mod cells;
mod rows;

use self::cells::{Cell, print};
use self::rows::{CACHED, COLD, NAMELESS, ROWS, Row};

/// Options of `lab outages`.
#[derive(Args, Clone, Debug)]
pub struct OutagesArgs {
    /// Only operations whose name has this in it
    #[arg(long, default_value = "")]
    only: String,
}

/// Events in each cell.
const EVENTS: usize = 3;

/// The time that a call is broken, in the trial's time; for the relay, until it has tried.
const OUTAGE: Duration = Duration::from_secs(40);
const OUTAGE_OF_RELAY: Duration = Duration::from_secs(150);

/// The time between two runs of the relay, in the trial's time: as the template says.
const RELAY: Duration = Duration::from_secs(60);

/// The time that events may take to end after an outage.
const TIME_LIMIT: Duration = Duration::from_secs(150);

/// Cells tried at a time.
const CONCURRENCY: usize = 8;

/// The bench of one cell: what its events need.
struct Bench<'a> {
    stage: &'a Stage,
    traffic: &'a Traffic,
    rules: &'a Rules,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn run(args: &OutagesArgs) -> Result<ExitCode, Failure> {
    let project = Project::here()?;
    let clean = table(&project, &args.only, &Progress::on_screen()).await?;
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Tries every cell, prints the table, and says whether nothing was lost and nothing doubled.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn table(project: &Project, only: &str, progress: &Progress) -> Result<bool, Failure> {
    let rows: Vec<Row> = ROWS
        .into_iter()
        .chain(NAMELESS)
        .chain([CACHED, COLD])
        .filter(|row| row.operation.contains(only))
        .collect();
    let mut cells = on_one_stage(project, &rows, progress).await?;
    for (number, row) in rows.iter().enumerate() {
        if row.what == COLD.what {
            for (fault, _) in FAULTS.iter().enumerate() {
                progress.show(&format!("cold start, {}", FAULTS[fault].0));
                cells.push(cold_start(project, number, fault).await?);
            }
        }
    }
    progress.end();
    print(&rows, &cells);
    Ok(cells.iter().all(|cell| cell.audit.is_clean()))
}

/// Everything but the cold starts.
async fn on_one_stage(
    project: &Project,
    rows: &[Row],
    progress: &Progress,
) -> Result<Vec<Cell>, Failure> {
    let (clock, rules) = (Clock::start(), Arc::new(Rules::default()));
    let nobody = Arc::new(Killer::nobody(clock));
    let mut stage = Stage::set(project, clock, nobody, rules.plan()).await?;
    let mut probe = Probe::place(&stage.stack).await?;
    register(&stage, rows).await?;
    stage.start_event_sources(hastened(RELAY)).await?;
    let traffic = Traffic::to(project, &stage)?;
    let bench = Bench {
        stage: &stage,
        traffic: &traffic,
        rules: &rules,
    };
    let is_nameless = |row: &Row| NAMELESS.iter().any(|other| other.what == row.what);
    let numbered = || rows.iter().enumerate();
    let named =
        numbered().filter(|(_, row)| !is_nameless(row) && row.operation != CACHED.operation);
    let named: Vec<(usize, usize)> = named
        .flat_map(|(row, _)| (0..FAULTS.len()).map(move |fault| (row, fault)))
        .collect();
    let all = named.len();
    let mut tried = stream::iter(named.into_iter().map(|(row, fault)| {
        let name = source(row * FAULTS.len() + fault);
        bench.attempt(rows[row], (row, fault), name.clone(), name)
    }))
    .buffer_unordered(CONCURRENCY);
    let mut outcomes = Vec::new();
    while let Some(outcome) = tried.next().await {
        outcomes.push(outcome?);
        progress.show(&format!("{} of {all} side by side", outcomes.len()));
    }
    drop(tried);
    for (row, _) in numbered().filter(|(_, row)| is_nameless(row)) {
        for (fault, (kind, _)) in FAULTS.iter().enumerate() {
            progress.show(&format!("{}, {kind}", rows[row].operation));
            let name = source(row * FAULTS.len() + fault);
            let outcome = bench.attempt(rows[row], (row, fault), name, EVERYWHERE.to_owned());
            outcomes.push(outcome.await?);
        }
    }
    for (row, _) in numbered().filter(|(_, row)| row.what == CACHED.what) {
        for (fault, (_, broken)) in FAULTS.iter().enumerate() {
            let name = source(row * FAULTS.len() + fault);
            bench.forget_nothing(&name, *broken).await?;
            let outcome = bench.attempt(rows[row], (row, fault), name, EVERYWHERE.to_owned());
            outcomes.push(outcome.await?);
        }
    }
    let mut cells = Vec::new();
    for outcome in outcomes {
        cells.push(outcome.audit(&mut probe).await?);
    }
    Ok(cells)
}

/// A secret for every cell's source, and the functions that know them.
async fn register(stage: &Stage, rows: &[Row]) -> Result<(), Failure> {
    for (number, row) in rows.iter().enumerate() {
        let provider = row.kind.provider();
        let secret = development_secret(provider);
        for fault in 0..FAULTS.len() {
            let source = source(number * FAULTS.len() + fault);
            stage.stack.put_secret(provider, &source, &secret).await?;
        }
    }
    Ok(())
}

/// The function cannot read its secrets from its start on, and then it can.
async fn cold_start(project: &Project, row: usize, fault: usize) -> Result<Cell, Failure> {
    let (clock, rules) = (Clock::start(), Arc::new(Rules::default()));
    rules.set(EVERYWHERE, vec![rule(COLD, FAULTS[fault].1)]);
    let nobody = Arc::new(Killer::nobody(clock));
    let mut stage = Stage::set(project, clock, nobody, rules.plan()).await?;
    let mut probe = Probe::place(&stage.stack).await?;
    stage.start_event_sources(hastened(RELAY)).await?;
    let traffic = Traffic::to(project, &stage)?;
    let bench = Bench {
        stage: &stage,
        traffic: &traffic,
        rules: &rules,
    };
    let outcome = bench.attempt(
        COLD,
        (row, fault),
        "default".to_owned(),
        EVERYWHERE.to_owned(),
    );
    outcome.await?.audit(&mut probe).await
}

fn rule(row: Row, fault: Fault) -> Rule {
    Rule {
        function: row.function,
        operation: row.operation,
        fault,
    }
}

/// A cell before its effects are counted.
struct Outcome {
    at: (usize, usize),
    events: Vec<(Parcel, Delivered)>,
    standing: Standing,
    calm_at: Timestamp,
    /// Calls that were broken.
    broken: usize,
}

impl Bench<'_> {
    /// Delivers events of a source while a call is broken, mends it, and waits until they have
    /// ended. `mark` is what the broken calls are known by.
    async fn attempt(
        &self,
        row: Row,
        at: (usize, usize),
        source: String,
        mark: String,
    ) -> Result<Outcome, Failure> {
        let parcels: Vec<Parcel> = (0..EVENTS)
            .map(|_| self.traffic.parcel(row.kind, &source, padding(row.kind)))
            .collect::<Result<_, _>>()?;
        if row.kind == Kind::BrokenCharge {
            self.let_fail(&parcels).await?;
        }
        let mut rules = vec![rule(row, FAULTS[at.1].1)];
        let refused = |(function, operation)| Rule {
            function,
            operation,
            fault: Fault::Refused("AccessDeniedException"),
        };
        let before: Vec<Rule> = row.before.map(refused).into_iter().collect();
        if mark == source {
            rules.extend(before);
        } else {
            self.rules.set(&source, before);
        }
        self.rules.set(&mark, rules);
        let outage = match row.function {
            "relay" => OUTAGE_OF_RELAY,
            _ => OUTAGE,
        };
        let deliveries = join_all(parcels.iter().map(|parcel| self.traffic.deliver(parcel)));
        let mend = async {
            tokio::time::sleep(hastened(outage)).await;
            self.rules.set(&mark, Vec::new());
            self.rules.set(&source, Vec::new());
            self.stage.clock.now()
        };
        let (delivered, calm_at) = futures::future::join(deliveries, mend).await;
        let delivered: Vec<Delivered> = delivered.into_iter().collect::<Result<_, _>>()?;
        let events: Vec<(Parcel, Delivered)> = parcels.into_iter().zip(delivered).collect();
        let ledger = self.stage.stack.ledger()?;
        let standing = settle(&ledger, &events, TIME_LIMIT, |_| {}).await?;
        Ok(Outcome {
            at,
            events,
            standing,
            calm_at,
            broken: self.rules.take_broken(&mark, row.operation),
        })
    }

    /// Delivers events that fail, and waits until they have.
    async fn let_fail(&self, parcels: &[Parcel]) -> Result<(), Failure> {
        let deliveries = parcels.iter().map(|parcel| self.traffic.deliver(parcel));
        let delivered = try_join_all(deliveries).await?;
        let events: Vec<_> = parcels.iter().cloned().zip(delivered).collect();
        let standing = settle(&self.stage.stack.ledger()?, &events, TIME_LIMIT, |_| {}).await?;
        if standing.ended.len() == parcels.len() {
            Ok(())
        } else {
            Err(Failure::of("events that have to fail first do not end"))
        }
    }

    /// Breaks the reading of secrets, and makes every function try it by a signature that none of
    /// its secrets has made.
    async fn forget_nothing(&self, source: &str, fault: Fault) -> Result<(), Failure> {
        self.rules.set(EVERYWHERE, vec![rule(CACHED, fault)]);
        let parcel = self.traffic.parcel(CACHED.kind, source, 0)?;
        try_join_all((0..8).map(|_| self.traffic.forge(&parcel))).await?;
        Ok(())
    }
}

impl Outcome {
    /// Events that had failed before, and were accepted once more.
    fn restarted(&self) -> BTreeSet<String> {
        let restarted = self.events.iter().filter(|(parcel, sent)| {
            let accepted = sent.heard.last() == Some(&Heard::Status(202));
            parcel.kind == Kind::BrokenCharge && accepted
        });
        restarted
            .map(|(parcel, _)| parcel.key.to_string())
            .collect()
    }

    async fn audit(self, probe: &mut Probe) -> Result<Cell, Failure> {
        let mut audit = Audit::take(&self.events, &self.standing, probe).await?;
        audit.compare(&self.restarted(), &self.standing.ended);
        if self.broken == 0 {
            audit.lost.push("the call was never made".to_owned());
        }
        let end = |item: &Item| -> Option<Timestamp> {
            item.state.history.last()?.split(' ').next()?.parse().ok()
        };
        let last = self.standing.ended.values().filter_map(end).max();
        let mut heard = BTreeMap::new();
        for answer in self.events.iter().flat_map(|(_, sent)| &sent.heard) {
            *heard.entry(*answer).or_default() += 1;
        }
        let (row, fault) = self.at;
        Ok(Cell {
            row,
            fault,
            heard,
            audit,
            recovered: last.map_or(Duration::ZERO, |last| self.calm_at.age(last)),
        })
    }
}

fn padding(kind: Kind) -> usize {
    match kind {
        Kind::LargePush => 600_000,
        _ => 0,
    }
}
