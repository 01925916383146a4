//! `lab soak`: many deliveries while processes are killed and calls break, and counts.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use webhooks::limits;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

use super::clock::{HASTE, hastened};
use super::experiment::Experiment;
use super::killer::{Pace, WHOLE};
use super::progress::Progress;
use super::random_faults::RandomFaults;

/// Options of `lab soak`.
#[derive(Args, Clone, Debug)]
pub struct SoakArgs {
    /// Deliveries to send
    #[arg(long, default_value_t = 100_000)]
    deliveries: usize,
    /// Processes to kill meanwhile
    #[arg(long, default_value_t = 1000)]
    kills: usize,
    /// Calls to AWS that break, in a thousand
    #[arg(long, default_value_t = 5)]
    faults: u16,
    /// The longest that the sending may take, in seconds
    #[arg(long, default_value_t = 9000)]
    time_limit: u64,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stage does not start.
pub async fn run(args: &SoakArgs) -> Result<ExitCode, Failure> {
    let project = Project::here()?;
    println!(
        "sending {} deliveries, killing {} processes and breaking {} calls in a thousand ...",
        args.deliveries, args.kills, args.faults
    );
    let random_faults = Arc::new(RandomFaults::default());
    let soak = soak(args, &random_faults);
    let ended = soak.endure(&project, &Progress::on_screen()).await?;
    let killed: usize = ended.kills.values().sum();
    let broken: Vec<String> = random_faults
        .broken()
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let seconds = ended.took.as_secs_f64();
    println!(
        "\n  deliveries    {} in {seconds:.0} s, {:.0} a second: {} duplicates, {} forged",
        ended.sent.deliveries,
        ended.sent.deliveries as f64 / seconds,
        ended.sent.duplicates,
        ended.sent.forged.len()
    );
    println!("  kills         {killed}");
    println!("  faults        {}", broken.join(", "));
    let mut answers: Vec<Duration> = ended
        .sent
        .events
        .iter()
        .map(|(_, sent)| sent.took)
        .collect();
    println!("  answer        {}", quantiles(&mut answers));
    let mut ends = ended.audit.until_ended.clone();
    println!(
        "  until done    {}; leases and retries pass {HASTE} times as fast",
        quantiles(&mut ends)
    );
    ended.audit.print();
    let enough = killed >= args.kills && ended.sent.deliveries >= args.deliveries;
    if !enough {
        println!("\n  not all of it in the time given");
    }
    Ok(if ended.audit.is_clean() && enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn soak(args: &SoakArgs, random_faults: &Arc<RandomFaults>) -> Experiment {
    Experiment {
        kills: args.kills,
        pace: Pace::Later,
        unpassed: &[WHOLE],
        deliveries: args.deliveries,
        deadly: 1,
        faults: random_faults.plan(u128::from(args.faults)),
        relay: hastened(limits::GRACE),
        time_limit: Duration::from_secs(args.time_limit),
    }
}

fn quantiles(times: &mut [Duration]) -> String {
    times.sort();
    let at = |part: usize| {
        let index = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, Duration::as_secs_f64)
    };
    format!("p50 {:.3} s, p99 {:.3} s", at(50), at(99))
}
