//! `webhooks chaos`: kills the functions between every two of their steps, and counts.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::audit::{Audit, intruders, settle};
use super::clock::{Clock, HASTE};
use super::killer::Killer;
use super::load::{Sent, send};
use super::progress::Progress;
use super::stage::{FaultPlan, Stage};
use super::traffic::Traffic;
use crate::failure::Failure;
use crate::probe::Probe;
use crate::project::Project;
use crate::proxy::Fault;

/// Options of `webhooks chaos`.
#[derive(Args, Clone, Debug)]
pub struct ChaosArgs {
    /// How many processes are killed
    #[arg(long, default_value_t = 1000)]
    kills: usize,
    /// The longest that the killing may take, in seconds
    #[arg(long, default_value_t = 900)]
    patience: u64,
}

/// What a run did and what its audit found.
#[derive(Debug)]
pub struct Ended {
    /// Kills, by place.
    pub kills: BTreeMap<&'static str, usize>,
    /// The audit.
    pub audit: Audit,
    /// What was sent.
    pub sent: Sent,
}

/// How often the relay runs: more often than on AWS, so that it can be killed more often.
const RELAY: Duration = Duration::from_millis(700);

/// How long the last events may take to end.
const PATIENCE: Duration = Duration::from_secs(240);

/// In a hundred puts of a receiver, those that DynamoDB refuses, so that whole messages go through
/// the queue.
const REFUSED_PUTS: u128 = 5;

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn run(args: &ChaosArgs) -> Result<ExitCode, Failure> {
    let project = Project::here()?;
    println!(
        "killing {} processes of the functions, between every two of their steps ...",
        args.kills
    );
    let started = Instant::now();
    let patience = Duration::from_secs(args.patience);
    let ended = kill(&project, args.kills, patience, &Progress::on_screen()).await?;
    println!();
    for (place, kills) in &ended.kills {
        println!("  {kills:>4}  {place}");
    }
    let killed: usize = ended.kills.values().sum();
    println!(
        "\n{killed} kills under {} deliveries ({} duplicates, {} forged) in {} s; leases and retries pass {HASTE} times as fast\n",
        ended.sent.deliveries,
        ended.sent.duplicates,
        ended.sent.forged.len(),
        started.elapsed().as_secs(),
    );
    for line in ended.audit.lines() {
        println!("  {line}");
    }
    let enough = killed >= args.kills;
    if !enough {
        println!(
            "\n  only {killed} of {} kills in the time given",
            args.kills
        );
    }
    Ok(match ended.audit.is_clean() && enough {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Sends deliveries and kills until `kills` processes are dead, then waits and audits.
///
/// # Errors
/// [`Failure`] when the stage does not start or something that is not killed does not answer.
pub async fn kill(
    project: &Project,
    kills: usize,
    patience: Duration,
    progress: &Progress,
) -> Result<Ended, Failure> {
    let clock = Clock::start();
    let killer = Arc::new(Killer::new(clock, kills));
    let fate = Arc::clone(&killer);
    let mut stage = Stage::set(project, clock, fate, refuse_some_puts()).await?;
    let mut probe = Probe::place(&stage.stack).await?;
    let traffic = Traffic::to(project, &stage)?;
    stage.pump(RELAY)?;
    let deadline = Instant::now() + patience;
    let enough = |deliveries: usize| {
        let killed = killer.killed();
        progress.show(&format!(
            "{killed} of {kills} kills, {deliveries} deliveries"
        ));
        killed >= kills || Instant::now() > deadline
    };
    let sent = send(&traffic, enough).await?;
    killer.stop();
    let ledger = stage.stack.ledger()?;
    let ended = settle(&ledger, &sent.events, PATIENCE, |open| {
        progress.show(&format!("{open} events have not ended yet"));
    })
    .await?;
    progress.end();
    let mut audit = Audit::take(&sent.events, &ended, &mut probe).await?;
    audit.forged = sent.taken + intruders(&ledger, &sent.forged).await?;
    Ok(Ended {
        kills: killer.kills(),
        audit,
        sent,
    })
}

fn refuse_some_puts() -> FaultPlan {
    Arc::new(|function, call| {
        let receives = function != "processor" && call.operation == "PutItem";
        let unlucky = uuid::Uuid::new_v4().as_u128() % 100 < REFUSED_PUTS;
        (receives && unlucky).then_some(Fault::Refused("ResourceNotFoundException"))
    })
}
