//! `lab bench`: our functions beside what lies below them and beside what a team would write
//! in Python and Node, in one run, against an AWS that answers each call after the same time.
//!
//! In every round each contestant starts a process once more and takes some events in one that is
//! warm, so that whatever else the machine does meets all of them.

pub mod contestant;
pub mod figures;
pub mod goals;
pub mod instructions;
pub mod meter;
mod name;
pub mod package;
pub mod plot;
pub mod race;
pub mod sample;
pub mod stand_in;
pub mod table;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

use self::contestant::Contestant;
use self::goals::goals;
use self::race::{Load, Race};
use self::sample::{Sample, batch};
use self::stand_in::{ANSWERS_AFTER, StandIn};
use crate::trial::progress::Progress;

/// Options of `lab bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Rounds: cold starts of each contestant
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Warm events of each contestant in one round
    #[arg(long, default_value_t = 50)]
    events: u32,
    /// Only contestants whose name has this in it
    #[arg(long, default_value = "")]
    only: String,
    /// Count instructions under callgrind instead, which needs valgrind
    #[arg(long)]
    instructions: bool,
    /// Where the plot goes
    #[arg(long, default_value = "target/bench.svg")]
    plot: PathBuf,
}

/// Messages in a batch for a processor.
const BATCH: usize = 10;

/// Runs `lab bench`.
///
/// # Errors
/// [`Failure`] when a contestant is not built or does not do its work.
pub async fn run(args: &BenchArgs) -> Result<ExitCode, Failure> {
    let project = Project::here()?;
    let path = project.scratch()?.join("bench.log");
    let log = File::create(&path).map_err(|error| Failure::new(path.display(), error))?;
    let aws = StandIn::start().await?;
    if args.instructions {
        return counted(args, &project, &aws, &log).await;
    }
    let mut receivers = receivers(&project, args.events)?;
    let mut processors = processors(&project, &aws, &log, args.events).await?;
    for races in [&mut receivers, &mut processors] {
        races.retain(|race| race.contestant.name.contains(&args.only));
    }
    let progress = Progress::on_screen();
    for round in 1..=args.rounds {
        for race in receivers.iter_mut().chain(&mut processors) {
            progress.show(&format!(
                "round {round} of {}: {}",
                args.rounds, race.contestant.name
            ));
            race.round(&project, &aws, &log).await?;
        }
    }
    for race in receivers.iter_mut().chain(&mut processors) {
        progress.show(&format!("package: {}", race.contestant.name));
        race.measured.package = package::zipped(&project, &race.contestant.package).await?;
    }
    progress.end();
    println!(
        "{} cold starts and {} warm events each; an AWS that answers after {} ms; medians, and the middle half in brackets",
        args.rounds,
        args.rounds * args.events,
        ANSWERS_AFTER.as_millis(),
    );
    println!("\n{}", table::receivers(&receivers));
    println!("\n{}", table::processors(&processors));
    println!("\n{}", table::goals(&goals(&receivers, &processors)));
    let svg = plot::svg(&receivers, &processors);
    std::fs::write(&args.plot, svg).map_err(|error| Failure::new(args.plot.display(), error))?;
    println!("\nplot: {}", args.plot.display());
    Ok(ExitCode::SUCCESS)
}

/// The instructions of the floor and of our own.
async fn counted(
    args: &BenchArgs,
    project: &Project,
    aws: &StandIn,
    log: &File,
) -> Result<ExitCode, Failure> {
    let push = Sample::GitHub(10_000);
    let messages = batch(&recorded(project, aws, log).await?);
    let (progress, mut counts) = (Progress::on_screen(), Vec::new());
    for (name, binary, event) in [
        (name::FLOOR, "floor", push.event(project)?),
        (name::GITHUB, "github", push.event(project)?),
        (name::STRIPE, "stripe", Sample::Stripe.event(project)?),
        (name::TWILIO, "twilio", Sample::Twilio.event(project)?),
        (name::FLOOR_PROCESSOR, "floor-processor", messages.clone()),
        (name::PROCESSOR, "processor", messages),
    ] {
        if name.contains(&args.only) {
            progress.show(name);
            let contestant = Contestant::built(project, name, binary)?;
            let scratch = project.scratch()?;
            counts.push(instructions::count(&contestant, &event, aws, log, &scratch).await?);
        }
    }
    progress.end();
    println!("{}", instructions::printed(&counts));
    Ok(ExitCode::SUCCESS)
}

fn receivers(project: &Project, events: u32) -> Result<Vec<Race>, Failure> {
    let push = Sample::GitHub(10_000);
    let ours = |name, binary, sample| {
        let contestant = Contestant::built(project, name, binary)?;
        Ok::<_, Failure>(Race::new(contestant, Load::Deliveries(sample), events))
    };
    let mut races = vec![
        ours(name::BARE, "bare", push)?,
        ours(name::FLOOR, "floor", push)?,
        ours(name::GITHUB, "github", push)?,
        ours(name::STRIPE, "stripe", Sample::Stripe)?,
        ours(name::TWILIO, "twilio", Sample::Twilio)?,
        ours(name::GITHUB_1_MB, "github", Sample::GitHub(1_000_000))?,
    ];
    // For its memory alone.
    let mut largest = ours(name::GITHUB_5_MB, "github", Sample::GitHub(5_000_000))?;
    largest.events = events.div_ceil(10);
    races.push(largest);
    let others = [
        Contestant::node(project, name::NODE, "receiver"),
        Contestant::python(project, name::PYTHON, "receiver"),
        Contestant::python(project, name::POWERTOOLS, "receiver_powertools"),
    ];
    let deliveries = |contestant| Race::new(contestant, Load::Deliveries(push), events);
    races.extend(others.into_iter().flatten().map(deliveries));
    Ok(races)
}

async fn processors(
    project: &Project,
    aws: &StandIn,
    log: &File,
    events: u32,
) -> Result<Vec<Race>, Failure> {
    let messages = recorded(project, aws, log).await?;
    let load = Load::Batch {
        event: batch(&messages),
        messages: messages.len(),
    };
    let contestants = [
        Some(Contestant::built(
            project,
            name::FLOOR_PROCESSOR,
            "floor-processor",
        )?),
        Some(Contestant::built(project, name::PROCESSOR, "processor")?),
        Contestant::node(project, name::NODE_PROCESSOR, "processor"),
        Contestant::python(project, name::POWERTOOLS_PROCESSOR, "processor"),
    ];
    let batches = events.div_ceil(10);
    let race = |contestant| Race::new(contestant, load.clone(), batches);
    Ok(contestants.into_iter().flatten().map(race).collect())
}

/// The messages of events that our receiver has recorded and sent.
async fn recorded(project: &Project, aws: &StandIn, log: &File) -> Result<Vec<String>, Failure> {
    let contestant = Contestant::built(project, name::GITHUB, "github")?;
    let (mut receiver, _) = contestant.start(&aws.url(), log).await?;
    aws.keep();
    for _ in 0..BATCH {
        let event = Sample::GitHub(10_000).event(project)?;
        receiver.invoke(&event).await?;
    }
    let messages = aws.heard().messages;
    match messages.len() {
        BATCH => Ok(messages),
        sent => Err(Failure::of(format!("{sent} of {BATCH} events were sent"))),
    }
}
