//! `webhooks demo`: real deliveries through the real stack, and a table of what became of each.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{Table, presets};
use webhooks::ledger::Status;
use webhooks::provider::{Explained, catalog};

use crate::dev::interruption;
use crate::failure::Failure;
use crate::local::{Local, Options};
use crate::project::Project;
use crate::scenario::{How, Report, SHOWN, lost, play, steps};
use crate::send::find_provider;
use crate::terminal::say;

/// Options of `webhooks demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// The time to wait for the effects, in seconds
    #[arg(long, default_value_t = 60)]
    time_limit: u64,
    /// The providers, joined by commas, or all
    #[arg(long, value_name = "NAMES", default_value_t = SHOWN.join(","))]
    providers: String,
    /// Also lose deliveries on their way, for the reconciler to find at a stand-in for the provider's API
    #[arg(long)]
    lost: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack does not start.
pub async fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    let mut interrupt = interruption()?;
    tokio::select! {
        done = demonstrate(args) => done,
        () = interrupt.wait() => Err(Failure::of("interrupted")),
    }
}

async fn demonstrate(args: &DemoArgs) -> Result<ExitCode, Failure> {
    let time_limit = Duration::from_secs(args.time_limit);
    let project = Project::here()?;
    let mut steps = steps(&project, &chosen(&args.providers)?)?;
    if args.lost {
        steps.extend(lost(&project)?);
    }
    println!("starting the emulator, the template's data resources and the functions ...");
    let options = Options::anywhere()?;
    let (local, mut lines) = Local::start(&project, &options).await?;
    let log = tokio::spawn(async move {
        let mut log = Vec::new();
        while let Some(line) = lines.recv().await {
            log.push(line);
        }
        log
    });
    let event_sources = tokio::spawn(local.event_sources().await?);
    println!(
        "sending {} deliveries, signed as the providers sign them ...",
        steps.len()
    );
    let reports = play(&project, &local, steps, time_limit).await?;
    event_sources.abort();
    drop(local);
    let kept = reports
        .iter()
        .filter(|report| report.is_as_promised())
        .count();
    println!("\n{}\n", table(&reports));
    println!("{kept} of {} as promised", reports.len());
    if kept == reports.len() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nwhat the functions wrote:");
    log.await.unwrap_or_default().iter().for_each(say);
    Ok(ExitCode::FAILURE)
}

/// The providers that a list names.
fn chosen(names: &str) -> Result<Vec<&'static dyn Explained>, Failure> {
    match names {
        "all" => Ok(catalog::all().collect()),
        names => names.split(',').map(find_provider).collect(),
    }
}

fn table(reports: &[Report]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "DELIVERY",
        "SENT",
        "ANSWER",
        "LEDGER",
        "EFFECT",
        "AS PROMISED",
    ]);
    for report in reports {
        let sent = match report.step.how {
            How::Genuine => "signed".to_owned(),
            How::Again => "the same once more".to_owned(),
            How::AtOnce(copies) => format!("{copies} copies at once"),
            How::Forged => "body changed".to_owned(),
            How::Stale => "signed an hour ago".to_owned(),
            How::UnknownSource => "unknown source".to_owned(),
            How::Lost => "lost on its way".to_owned(),
        };
        let mut outcomes: BTreeMap<(u16, &str), usize> = BTreeMap::new();
        for answered in &report.answered {
            *outcomes
                .entry((answered.status, &answered.outcome))
                .or_default() += 1;
        }
        let answers = outcomes
            .iter()
            .rev()
            .map(|((status, outcome), times)| match times {
                1 => format!("{status} {outcome}"),
                times => format!("{times} x {status} {outcome}"),
            });
        let answers: Vec<_> = answers.collect();
        let answers = if answers.is_empty() {
            "-".to_owned()
        } else {
            answers.join(", ")
        };
        table.add_row([
            format!(
                "{} {}",
                report.step.provider.profile().name,
                report.step.event
            ),
            sent,
            answers,
            report.status.map_or("-", Status::as_str).to_owned(),
            effects(report),
            if report.is_as_promised() {
                "yes".to_owned()
            } else {
                "NO".to_owned()
            },
        ]);
    }
    table
}

fn effects(report: &Report) -> String {
    let effects = report.effects.iter();
    let effects: Vec<_> = effects
        .map(|(place, times)| format!("{times} x {place}"))
        .collect();
    if effects.is_empty() {
        "-".to_owned()
    } else {
        effects.join(", ")
    }
}
