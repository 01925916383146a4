//! `lab chaos`: kills the functions between every two of their steps, and counts.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use uuid::Uuid;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

use super::clock::HASTE;
use super::experiment::Experiment;
use super::killer::Pace;
use super::progress::Progress;
use super::stage::FaultPlan;
use crate::proxy::Fault;

/// Options of `lab chaos`.
#[derive(Args, Clone, Debug)]
pub struct ChaosArgs {
    /// Processes to kill
    #[arg(long, default_value_t = 10_000)]
    kills: usize,
    /// The longest that the killing may take, in seconds
    #[arg(long, default_value_t = 7200)]
    time_limit: u64,
}

/// The time between two runs of the relay: shorter than on AWS, so that it can be killed more often.
const RELAY: Duration = Duration::from_millis(700);

/// In a hundred puts and sendings of a receiver, those that are refused: so that whole messages go
/// through the queue, and the relay always has something to send.
const REFUSED: u128 = 5;

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
    let chaos = chaos(args.kills, Duration::from_secs(args.time_limit));
    let ended = chaos.endure(&project, &Progress::on_screen()).await?;
    println!();
    for (place, kills) in &ended.kills {
        println!("  {kills:>4}  {place}");
    }
    let killed: usize = ended.kills.values().sum();
    println!(
        "\n{killed} kills under {} deliveries ({} duplicates, {} forged) in {} s; \
         leases and retries pass {HASTE} times as fast\n",
        ended.sent.deliveries,
        ended.sent.duplicates,
        ended.sent.forged.len(),
        ended.took.as_secs(),
    );
    ended.audit.print();
    let enough = killed >= args.kills;
    if !enough {
        println!(
            "\n  only {killed} of {} kills in the time given",
            args.kills
        );
    }
    Ok(if ended.audit.is_clean() && enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// So many kills as fast as they can be had, under deliveries without end.
pub fn chaos(kills: usize, time_limit: Duration) -> Experiment {
    Experiment {
        kills,
        pace: Pace::Soon,
        unpassed: &[],
        deliveries: 0,
        deadly: 0,
        faults: refuse_some(),
        relay: RELAY,
        time_limit,
    }
}

fn refuse_some() -> FaultPlan {
    Arc::new(|function, call| {
        let receives = !["processor", "relay", "reconciler"].contains(&function);
        let written = ["PutItem", "SendMessage"].contains(&call.operation.as_str());
        let unlucky = Uuid::new_v4().as_u128() % 100 < REFUSED;
        (receives && written && unlucky).then_some(Fault::Refused("AccessDeniedException"))
    })
}
