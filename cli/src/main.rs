//! The command `webhooks`: local stack, signed test deliveries, the ledger at a glance.

use std::io::stdout;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use webhooks_cli::failure::Failure;
use webhooks_cli::{
    audit, connect, console, dead_letters, demo, dev, doctor, events, export, issues, migrate,
    pair, pause, providers, reconcile, replay, rotate, round_trip, scheme, send, terminal, urls,
    verify,
};

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
    /// Group failures by type and cause
    Issues(issues::IssuesArgs),
    /// Look at the dead-letter queue, and move or drop some of it
    DeadLetters(dead_letters::DeadLettersArgs),
    /// Hold a stack against what it must be, and say how to mend what is not so
    Doctor(doctor::DoctorArgs),
    /// Make a folder about an incident: timelines, and payloads where they are asked for
    Export(export::ExportArgs),
    /// Hold the ledger's histories against the transitions that it makes
    Audit(audit::AuditArgs),
    /// Make or update the endpoint at a provider that posts to the stack, or check it
    Connect(connect::ConnectArgs),
    /// Show the stack in a browser: what arrives, what fails and why
    Console(console::ConsoleArgs),
    /// Move a ledger of the first edition over
    Migrate(migrate::MigrateArgs),
    /// Take the secret that a provider brings when its URL is registered, and store it
    Pair(pair::PairArgs),
    /// Stop the processing of a source, while its events are received; without a name: say what is paused
    Pause(pause::PauseArgs),
    /// Go on with the processing of what was paused
    Resume(pause::ResumeArgs),
    /// Send a signed event that no handler gets through the stack, and say how long it took
    Probe(round_trip::ProbeArgs),
    /// Start failed events again: by id, filter or issue, with a preview first
    Replay(replay::ReplayArgs),
    /// Say how each provider signs, names and sends again, and where its URL and its secret are
    Providers(providers::ProvidersArgs),
    /// Ask a provider what it has sent, and record what never arrived
    Reconcile(reconcile::ReconcileArgs),
    /// Give a source another secret, and drop the old one when the ledger shows that it signs nothing any more
    Rotate(rotate::RotateArgs),
    /// Try how a provider that is not known signs, or find it out
    Scheme(scheme::SchemeArgs),
    /// Print the URLs to paste into the providers' consoles
    Urls(urls::UrlsArgs),
    /// Check a captured request's signature, and say why it does not hold
    Verify(verify::VerifyArgs),
    /// Print the completions of a shell: webhooks completions bash
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// True if it writes to an emulator or a browser through a socket. One that has just been closed at the other end
    /// is an error like any other then, and must not end everything by a signal.
    const fn keeps_a_stack(&self) -> bool {
        matches!(self, Self::Console(_) | Self::Dev(_) | Self::Demo(_))
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
        Command::Issues(args) => issues::run(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Export(args) => export::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Connect(args) => connect::run(args).await,
        Command::Console(args) => console::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Pair(args) => pair::run(args).await,
        Command::Pause(args) => pause::run(args).await,
        Command::Resume(args) => pause::resume(args).await,
        Command::Probe(args) => round_trip::run(args).await,
        Command::Providers(args) => providers::run(args),
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Rotate(args) => rotate::run(args).await,
        Command::Replay(args) => replay::command::run(args).await,
        Command::Scheme(args) => scheme::run(args),
        Command::Urls(args) => urls::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(*shell, &mut command, "webhooks", &mut stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}
