//! The command `lab`: trials of the functions, and what they take.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::trial::{chaos, malformed, outages, soak};
use lab::{bench, cost, paste, scale, simulation};
use webhooks_cli::dev::interruption;
use webhooks_cli::failure::Failure;
use webhooks_cli::terminal;

/// Kill the functions, break their calls, measure them, and count
#[derive(Parser)]
#[command(version)]
struct Lab {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Kill the functions between every two steps, and count what is lost and what is doubled
    Chaos(chaos::ChaosArgs),
    /// Load the functions while they are killed and their network breaks, and count
    Soak(soak::SoakArgs),
    /// Break each call to AWS of each function in each way, and print what comes of it
    Outages(outages::OutagesArgs),
    /// Send requests that no provider sends, and print the answers
    Malformed(malformed::MalformedArgs),
    /// Measure the functions beside their floor and beside Python and Node, and print one table
    Bench(bench::BenchArgs),
    /// Say what a million events cost, from counted units and a price file
    Cost(cost::args::CostArgs),
    /// Hold a rate of events against every limit on the way
    Scale(scale::ScaleArgs),
    /// Let the functions' code work in simulated worlds, each from a seed, and count
    Simulate(simulation::command::SimulateArgs),
    /// Let one event live in simulated worlds where any two calls break, in any two ways, and count
    Pairs(simulation::pairs::PairsArgs),
    /// Run one of these commands and put what it prints into the documentation
    Paste(paste::PasteArgs),
}

impl Command {
    /// True if it writes to an emulator through a socket. One that has just been closed at the other end
    /// is an error like any other then, and must not end everything by a signal.
    const fn keeps_a_stack(&self) -> bool {
        !matches!(
            self,
            Self::Cost(_) | Self::Scale(_) | Self::Simulate(_) | Self::Pairs(_)
        )
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Lab::parse().command;
    if !command.keeps_a_stack() {
        // A reader that has seen enough (`| head`) ends this quietly.
        sigpipe::reset();
    }
    let done = run(&command).await;
    done.unwrap_or_else(|failure| {
        terminal::warn(format!("lab: {failure}"));
        failure.exit_code()
    })
}

async fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Chaos(args) => interruptible(chaos::run(args)).await,
        Command::Soak(args) => interruptible(soak::run(args)).await,
        Command::Outages(args) => interruptible(outages::run(args)).await,
        Command::Malformed(args) => interruptible(malformed::run(args)).await,
        Command::Bench(args) => interruptible(bench::run(args)).await,
        Command::Cost(args) => interruptible(cost::run(args)).await,
        Command::Scale(args) => scale::run(args),
        Command::Pairs(args) => Ok(simulation::pairs::run(args)),
        Command::Simulate(args) => Ok(simulation::command::run(args)),
        Command::Paste(args) => interruptible(paste::run(args)).await,
    }
}

/// Ends early on Ctrl-C, so that everything that was started ends as well.
async fn interruptible(
    trial: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let mut interrupt = interruption()?;
    tokio::select! {
        done = trial => done,
        () = interrupt.wait() => Err(Failure::of("interrupted")),
    }
}
