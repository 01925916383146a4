//! A replay that keeps a rate, watches what it has started, and stops when that fails again.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use webhooks::ledger::{Replay, Status, Summary};

use super::chosen::Chosen;
use super::outcome::{Line, Outcome, Report};
use super::watch::Watch;
use super::{Replayed, start};
use crate::failure::Failure;
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, warn};

/// The pause between two looks at what was started.
const LOOK: Duration = Duration::from_millis(500);

/// The pause between two lines about how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// How fast, and when to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rate: u32,
    pub(crate) stop_after: usize,
    pub(crate) wait: Duration,
}

/// Starts the failed ones again. The first few have to end well before more than those are on their way.
///
/// # Errors
/// [`Failure`] when AWS does not answer.
pub(crate) async fn run(
    stack: &Stack,
    chosen: &Chosen,
    by: &Replay,
    plan: Plan,
    is_quiet: bool,
) -> Result<Report, Failure> {
    let mut watch = Watch::new(stack);
    let mut pace = interval(Duration::from_secs(1) / plan.rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = Vec::new();
    let mut rest = chosen.failed();
    let mut stopped = false;
    let mut told_at = Instant::now();
    for event in rest.by_ref() {
        pace.tick().await;
        if told_at.elapsed() > PROGRESS {
            told_at = Instant::now();
            warn(watch.progress(chosen.failed().count()));
        }
        if !has_room(&mut watch, plan).await? {
            kept.push(Line::of(event, Outcome::NotReached, None));
            stopped = true;
            break;
        }
        match start(stack, &event.key, Some(by)).await {
            Ok(Replayed::Started) => watch.follow(event),
            Ok(Replayed::Left(status)) => {
                let detail = format!("is {} by now", status.as_str());
                kept.push(Line::of(event, Outcome::Left, Some(detail)));
            }
            Ok(Replayed::Unknown) => {
                let detail = Some("is not in the ledger any more".to_owned());
                kept.push(Line::of(event, Outcome::Error, detail));
            }
            Err(failure) => {
                kept.push(Line::of(event, Outcome::Error, Some(failure.to_string())));
            }
        }
    }
    kept.extend(rest.map(|event| Line::of(event, Outcome::NotReached, None)));
    settle(&mut watch, plan).await?;
    stopped |= watch.failed_again() >= plan.stop_after;
    kept.extend(others(chosen));
    kept.extend(watch.into_lines());
    if !is_quiet {
        // A filter finds many that stand elsewhere, and the rest of one that stopped is counted.
        let is_counted = |line: &Line| {
            line.outcome == Outcome::NotReached
                || (line.outcome == Outcome::Left && !chosen.is_by_id)
        };
        let odd = |line: &&Line| !line.outcome.is_well() && !is_counted(line);
        kept.iter().filter(odd).for_each(tell);
    }
    let mut report = Report::of(chosen, kept);
    report.ran = true;
    report.stopped = stopped;
    report.by = Some(by.by().to_owned());
    report.reason = Some(by.reason().to_owned());
    Ok(report)
}

/// Waits until one more may be on its way; says whether one may.
async fn has_room(watch: &mut Watch<'_>, plan: Plan) -> Result<bool, Failure> {
    let mut deadline = Instant::now() + plan.wait;
    let mut ended = watch.ended();
    watch.look_after(LOOK).await?;
    loop {
        if watch.failed_again() >= plan.stop_after {
            return Ok(false);
        }
        // Until one has ended well nobody knows that what was wrong is mended: no more are started than may fail.
        let most = if watch.ended_well() == 0 {
            plan.stop_after - watch.failed_again()
        } else {
            10.max(plan.rate as usize * 5)
        };
        if watch.open() < most {
            return Ok(true);
        }
        if watch.ended() > ended {
            ended = watch.ended();
            deadline = Instant::now() + plan.wait;
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        tokio::time::sleep(LOOK).await;
        watch.look().await?;
    }
}

/// Waits until everything that was started has ended, or nothing does any more.
async fn settle(watch: &mut Watch<'_>, plan: Plan) -> Result<(), Failure> {
    let mut deadline = Instant::now() + plan.wait;
    let mut ended = watch.ended();
    loop {
        watch.look().await?;
        if watch.ended() > ended {
            ended = watch.ended();
            deadline = Instant::now() + plan.wait;
        }
        if watch.open() == 0 || Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Those that were not failed when they were chosen.
fn others(chosen: &Chosen) -> impl Iterator<Item = Line> {
    let is_other = |event: &&Summary| event.status != Status::Failed;
    let others = chosen.events.iter().filter(is_other);
    others.map(|event| {
        let detail = format!("is {}", event.status.as_str());
        Line::of(event, Outcome::Left, Some(detail))
    })
}

fn tell(line: &Line) {
    let detail = line.detail.as_deref().map(|detail| format!(": {detail}"));
    let text = format!(
        "{}: {}{}",
        line.id,
        line.outcome.as_str(),
        detail.unwrap_or_default()
    );
    say(on_one_line(&text));
}
