//! `webhooks doctor`: a stack held against what it must be, read with the caller's credentials.
//!
//! Each check reads one part of the stack and changes nothing. A right that the caller lacks is a finding like any
//! other, and the other checks go on.

mod alarms;
mod concurrency;
mod deployment;
mod event_sources;
mod examined;
mod finding;
mod functions;
mod logs;
mod queues;
mod secrets;
mod table;

use std::process::ExitCode;

use clap::Args;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

use crate::failure::Failure;
use crate::place::Place;
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, say_json};

use examined::Examined;
use finding::{Fault, Unread};

pub use finding::Finding;

/// Options of `webhooks doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// A check of one part of a stack.
struct Check {
    /// Its name in findings.
    name: &'static str,
    /// True if it is about what the local stack has as well: that has no functions and no alarms.
    is_local: bool,
    run: Run,
}

impl Check {
    const fn of_deployed(name: &'static str, run: Run) -> Self {
        Self {
            name,
            is_local: false,
            run,
        }
    }

    const fn of_every(name: &'static str, run: Run) -> Self {
        Self {
            name,
            is_local: true,
            run,
        }
    }
}

/// The result of a check, as it comes.
type Pending<'a> = BoxFuture<'a, Result<Vec<Fault>, Unread>>;

type Run = for<'a> fn(&'a Examined) -> Pending<'a>;

const CHECKS: [Check; 11] = [
    Check::of_deployed("deployment", deployment::check),
    Check::of_deployed("functions", functions::check),
    Check::of_deployed("event-sources", event_sources::check),
    Check::of_deployed("schedules", event_sources::check_schedules),
    Check::of_every("queues", queues::check),
    Check::of_deployed("table", table::check),
    Check::of_deployed("alarms", alarms::check),
    Check::of_deployed("subscriptions", alarms::check_subscriptions),
    Check::of_every("secrets", secrets::check),
    Check::of_deployed("concurrency", concurrency::check),
    Check::of_deployed("logs", logs::check),
];

/// The findings about a stack. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The stack's name.
    pub stack: String,
    /// The checks that were made.
    pub checks: Vec<&'static str>,
    /// Whatever is not as it must be.
    pub findings: Vec<Finding>,
}

/// Runs the command. The exit code is 1 when there is a finding.
///
/// # Errors
/// [`Failure`] when the stack is not there.
pub async fn run(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let stack = args.place.stack().await?;
    let diagnosis = diagnose(stack, args.place.is_deployed(), args.place.options()).await;
    if args.json {
        say_json(&diagnosis)?;
    } else {
        print(&diagnosis);
    }
    Ok(if diagnosis.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Makes every check that there is for such a stack, side by side. `options` name the stack in commands.
pub async fn diagnose(stack: Stack, is_deployed: bool, options: String) -> Diagnosis {
    let name = stack.name().to_owned();
    let examined = match Examined::list(stack, options).await {
        Ok(examined) => examined,
        Err(unread) => {
            return Diagnosis {
                stack: name,
                checks: Vec::new(),
                findings: vec![unread.finding("deployment")],
            };
        }
    };
    let checks = CHECKS.iter().filter(|check| is_deployed || check.is_local);
    let checks: Vec<&Check> = checks.collect();
    let results = join_all(checks.iter().map(|check| (check.run)(&examined))).await;
    let findings = checks.iter().zip(results);
    let findings = findings.flat_map(|(check, result)| findings_of(check.name, result));
    Diagnosis {
        stack: name,
        findings: findings.collect(),
        checks: checks.iter().map(|check| check.name).collect(),
    }
}

fn findings_of(check: &'static str, result: Result<Vec<Fault>, Unread>) -> Vec<Finding> {
    let faults = match result {
        Ok(faults) => faults,
        Err(unread) => return vec![unread.finding(check)],
    };
    let finding = |fault: Fault| Finding {
        check,
        subject: fault.subject,
        problem: fault.problem,
        why: fault.why,
        fix: fault.fix,
        missing_right: None,
    };
    faults.into_iter().map(finding).collect()
}

fn print(diagnosis: &Diagnosis) {
    for finding in &diagnosis.findings {
        let (subject, problem) = (&finding.subject, &finding.problem);
        let line = format!("{}: {subject}: {problem}", finding.check);
        say(on_one_line(&line));
        say(format!("  why  {}", finding.why));
        say(format!("  fix  {}", on_one_line(&finding.fix)));
    }
    let (findings, checks) = (diagnosis.findings.len(), diagnosis.checks.len());
    let stack = &diagnosis.stack;
    say(match findings {
        0 => format!("{stack}: {checks} checks, nothing to mend"),
        1 => format!("{stack}: {checks} checks, 1 finding"),
        findings => format!("{stack}: {checks} checks, {findings} findings"),
    });
}
