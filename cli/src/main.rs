//! The command `webhooks`: local stack, signed test deliveries, the ledger at a glance.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use webhooks_cli::failure::Failure;
use webhooks_cli::trial::{chaos, malformed, outages, soak};
use webhooks_cli::{bench, cost, demo, dev, events, scale, send, terminal, verify};

/// Webhook receivers on AWS: run them here, send them signed deliveries, see what became of each
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole stack on this machine until Ctrl-C
    Dev(dev::DevArgs),
    /// Run the stack, send it real deliveries, and show what became of each
    Demo(demo::DemoArgs),
    /// Post a correctly signed delivery, or a broken one
    Send(send::SendArgs),
    /// List the events in the ledger, or show one
    Events(events::EventsArgs),
    /// Measure the functions beside their floor and beside Python and Node, and print one table
    Bench(bench::BenchArgs),
    /// Say what a million events cost, from counted units and a price file
    Cost(cost::CostArgs),
    /// Kill the functions between every two steps, and count what is lost and what is doubled
    Chaos(chaos::ChaosArgs),
    /// Break each call to AWS of each function in each way, and print what comes of it
    Outages(outages::OutagesArgs),
    /// Send requests that no provider sends, and print the answers
    Malformed(malformed::MalformedArgs),
    /// Load the functions while they are killed and their network breaks, and count
    Soak(soak::SoakArgs),
    /// Hold a rate of events against every limit on the way
    Scale(scale::ScaleArgs),
    /// Check a captured request's signature, and say why it does not hold
    Verify(verify::VerifyArgs),
}

impl Command {
    /// Whether it writes to an emulator through a socket. One that has just been closed at the other end
    /// is an error like any other then, and must not end everything by a signal.
    const fn keeps_a_stack(&self) -> bool {
        match self {
            Self::Dev(_)
            | Self::Demo(_)
            | Self::Bench(_)
            | Self::Chaos(_)
            | Self::Outages(_)
            | Self::Malformed(_)
            | Self::Soak(_) => true,
            Self::Send(_) | Self::Events(_) | Self::Cost(_) | Self::Scale(_) | Self::Verify(_) => {
                false
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    if !command.keeps_a_stack() {
        // A reader that has seen enough (`| head`) ends this quietly.
        sigpipe::reset();
    }
    let done = run(&command).await;
    done.unwrap_or_else(|failure| {
        terminal::warn(format!("webhooks: {failure}"));
        failure.exit_code()
    })
}

async fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Dev(args) => dev::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Send(args) => send::run(args).await,
        Command::Events(args) => events::run(args).await,
        Command::Bench(args) => interruptible(bench::run(args)).await,
        Command::Cost(args) => interruptible(cost::run(args)).await,
        Command::Chaos(args) => interruptible(chaos::run(args)).await,
        Command::Outages(args) => interruptible(outages::run(args)).await,
        Command::Malformed(args) => interruptible(malformed::run(args)).await,
        Command::Soak(args) => interruptible(soak::run(args)).await,
        Command::Scale(args) => scale::run(args),
        Command::Verify(args) => verify::run(args),
    }
}

/// Ends early on Ctrl-C, so that everything that was started ends as well.
async fn interruptible(
    trial: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let mut interrupt = dev::interruption()?;
    tokio::select! {
        done = trial => done,
        () = interrupt.wait() => Err(Failure::of("interrupted")),
    }
}
