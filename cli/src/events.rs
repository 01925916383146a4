//! `webhooks events`: what the ledger says.

pub(crate) mod diff;
mod line;
mod list;
pub(crate) mod show;
mod tail;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::filter::{Filter, Term};
use crate::place::Place;
use crate::replay;

pub use line::Line;

/// Options of `webhooks events`.
#[derive(Args, Clone, Debug)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: list::ListArgs,
    /// Print JSON: one object, or for tail one on each line
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// One event: where it stands and everything that happened to it
    Show(show::ShowArgs),
    /// Print events as they come in, until Ctrl-C
    Tail(tail::TailArgs),
    /// Start failed events again, as a redelivery by their provider would
    Replay {
        /// provider/source/id, as the list shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack or the event is not there.
pub async fn run(args: &EventsArgs) -> Result<ExitCode, Failure> {
    let json = args.json;
    match &args.command {
        Some(Command::Show(show)) => show::run(&args.place.stack().await?, show, json).await,
        Some(Command::Tail(tail)) => {
            let filter = read_filter(&tail.filter)?;
            tail::run(&args.place.stack().await?, &filter, tail, json).await
        }
        Some(Command::Replay { ids }) => replay::run(&args.place.stack().await?, ids).await,
        None => {
            let filter = args.list.filter()?;
            list::run(&args.place, &filter, &args.list, json).await
        }
    }
}

/// A filter from the words of a command line.
///
/// # Errors
/// [`Failure`] that names the wrong word.
pub fn read_filter(words: &[String]) -> Result<Filter, Failure> {
    Filter::of_words(words).map_err(|error| Failure::usage(error.to_string()))
}

/// A term from an option of the same meaning.
fn option(key: &str, value: Option<&String>) -> Result<Option<Term>, Failure> {
    let term = value.map(|value| Term::read(&format!("{key}:{value}")));
    term.transpose()
        .map_err(|error| Failure::usage(format!("--{error}")))
}
