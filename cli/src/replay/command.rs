//! `webhooks replay`: says which events it would start again, and with `--yes` does, watches them, and stops by
//! itself when they fail again.

use std::process::ExitCode;

use webhooks::ledger::{Replay, Status};
use webhooks::timestamp::Timestamp;

use super::args::ReplayArgs;
use super::chosen::{Chosen, choose};
use super::forward;
use super::outcome::{Line, Outcome, Report};
use super::paced::{Plan, run as run_paced};
use crate::failure::Failure;
use crate::search::Limits;
use crate::terminal::{on_one_line, say, say_json, warn};

/// Events that a preview names.
const NAMED: usize = 10;

/// Runs the command. The exit code is 1 when an event failed again, has not ended or was not reached, or one
/// that was named was left alone.
///
/// # Errors
/// [`Failure`] when a word is wrong, the reason is missing, or AWS does not answer.
pub async fn run(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    if args.yes && args.to.is_none() && args.reason.is_none() {
        let message = "say why with --reason TEXT; the history of each event keeps it";
        return Err(Failure::usage(message));
    }
    let to = args.to.as_deref().map(forward::loopback).transpose()?;
    let stack = args.place.stack().await?;
    let limits = Limits {
        events: args.limit,
        lines: usize::MAX,
        payloads: args.limit,
    };
    let chosen = choose(&stack, &args.what, limits, Timestamp::now()).await?;
    if !args.yes {
        return preview(args, &chosen);
    }
    let report = match (&to, &args.reason) {
        (Some(base), _) => forward::send(&stack, &chosen, base).await?,
        (None, Some(reason)) => {
            let by = Replay::new(&args.place.caller(&stack).await?, reason);
            let plan = Plan {
                rate: args.rate,
                stop_after: args.stop_after as usize,
                wait: args.wait,
            };
            run_paced(&stack, &chosen, &by, plan, args.json).await?
        }
        (None, None) => return Err(Failure::usage("say why with --reason TEXT")),
    };
    // A filter finds events that stand elsewhere as well; whoever names one means it.
    let is_well =
        |line: &Line| line.outcome.is_well() || (line.outcome == Outcome::Left && !chosen.is_by_id);
    let is_well = chosen.unknown.is_empty() && !report.stopped && report.events.iter().all(is_well);
    if args.json {
        say_json(&report)?;
    } else {
        unknown(&chosen);
        say(counts(&report));
        if report.stopped {
            say("stopped; the same command goes on with what is left");
        }
    }
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn preview(args: &ReplayArgs, chosen: &Chosen) -> Result<ExitCode, Failure> {
    let outcome = |status| match (&args.to, status) {
        (Some(_), _) | (None, Status::Failed) => Outcome::WouldStart,
        (None, _) => Outcome::Left,
    };
    let lines = chosen.events.iter();
    let lines = lines.map(|event| Line::of(event, outcome(event.status), event.cause.clone()));
    let report = Report::of(chosen, lines.collect());
    if args.json {
        say_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    unknown(chosen);
    tell(args, &report);
    if chosen.is_cut {
        say(format!(
            "there may be more: the newest {} were looked at",
            args.limit
        ));
    }
    if report.read.payloads > 0 {
        say(format!("{} payloads were read", report.read.payloads));
    }
    say("nothing was changed; to do it, say --yes and --reason TEXT");
    Ok(ExitCode::SUCCESS)
}

fn tell(args: &ReplayArgs, report: &Report) {
    let starts: Vec<_> = of(report, Outcome::WouldStart).collect();
    let verb = if args.to.is_some() {
        "be sent"
    } else {
        "start again"
    };
    say(format!("{} events would {verb}", starts.len()));
    for line in starts.iter().take(NAMED) {
        let cause = line.detail.as_deref().unwrap_or_default();
        let text = format!("  {} {} {}: {cause}", line.status, line.kind, line.id);
        say(on_one_line(&text));
    }
    if starts.len() > NAMED {
        say(format!(
            "  and {} more; --json names all",
            starts.len() - NAMED
        ));
    }
    let left: Vec<_> = of(report, Outcome::Left).collect();
    for status in Status::ALL {
        let count = left
            .iter()
            .filter(|line| line.status == status.as_str())
            .count();
        if count > 0 {
            say(format!(
                "{count} events are {} and would be left alone",
                status.as_str()
            ));
        }
    }
    if args.again {
        say(
            "--again: the ledger has no way back from done, so done events are left alone; --to sends one to this machine",
        );
    }
}

fn of(report: &Report, outcome: Outcome) -> impl Iterator<Item = &Line> {
    let lines = report.events.iter();
    lines.filter(move |line| line.outcome == outcome)
}

fn unknown(chosen: &Chosen) {
    for key in &chosen.unknown {
        warn(format!("{key}: is not in the ledger"));
    }
}

fn counts(report: &Report) -> String {
    let counts = report.counts.iter();
    let counts: Vec<_> = counts
        .map(|(outcome, count)| format!("{count} {}", outcome.as_str()))
        .collect();
    if counts.is_empty() {
        return "no events match".to_owned();
    }
    counts.join(", ")
}
