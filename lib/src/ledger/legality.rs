//! The check of an event's history: whether it is one that the ledger's transitions can leave.

use std::time::Duration;

use super::history::{EARLIER, earlier};
use super::item::Item;
use super::replay::REPLAYED;
use super::status::Status;
use crate::limits;
use crate::timestamp::Timestamp;

/// What is wrong with a history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The ledger writes no such entry.
    #[error("entry {0} is none that the ledger writes")]
    Unknown(usize),
    /// No transition leads from the entry before to this one.
    #[error("entry {0} cannot follow the one before")]
    Order(usize),
    /// It is earlier than the entry before, by more than two clocks may differ and a write may take.
    #[error("entry {0} is earlier than the one before")]
    Backwards(usize),
    /// An attempt began before a pause or another attempt's lease was over.
    #[error("entry {0} comes before its time")]
    Early(usize),
    /// The status is another one than the last entry leaves.
    #[error("the last entry does not leave the status {}", .0.as_str())]
    Status(Status),
    /// More attempts than there were claims, or fewer than have ended.
    #[error("{0} attempts do not fit the history")]
    Attempts(u32),
}

/// An entry, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Received,
    /// Entries that have made room.
    Earlier,
    NotTaken,
    Processing,
    Retry(Duration),
    PutBack(Duration),
    Done,
    Ignored,
    Failed,
    Again,
}

impl Step {
    fn read(what: &str) -> Option<Self> {
        let pause = |start: &str| {
            let (seconds, _) = what.strip_prefix(start)?.split_once(" s: ")?;
            Some(Duration::from_secs(seconds.parse().ok()?))
        };
        match what {
            "received" => Some(Self::Received),
            _ if what.starts_with("reconciled: ") => Some(Self::Received),
            "not taken yet" => Some(Self::NotTaken),
            "processing" => Some(Self::Processing),
            "done" => Some(Self::Done),
            "ignored" => Some(Self::Ignored),
            "received again" | "received again, with another body" => Some(Self::Again),
            _ if what.starts_with(REPLAYED) => Some(Self::Again),
            _ if what.starts_with("failed: ") => Some(Self::Failed),
            _ => pause("to be tried again in ")
                .map(Self::Retry)
                .or_else(|| pause("put back for ").map(Self::PutBack)),
        }
    }

    /// Whether a transition leads from this entry to the next.
    const fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Received => matches!(next, Self::NotTaken | Self::Processing),
            Self::NotTaken | Self::Retry(_) | Self::PutBack(_) | Self::Again => {
                matches!(next, Self::Processing)
            }
            Self::Processing => matches!(
                next,
                Self::Processing
                    | Self::Retry(_)
                    | Self::PutBack(_)
                    | Self::Done
                    | Self::Ignored
                    | Self::Failed
            ),
            Self::Failed => matches!(next, Self::Again),
            Self::Done | Self::Ignored => false,
            Self::Earlier => true,
        }
    }

    /// The time that passes before the next attempt.
    const fn pause(self) -> Duration {
        match self {
            Self::Processing => limits::LEASE,
            Self::Retry(pause) | Self::PutBack(pause) => pause,
            _ => Duration::ZERO,
        }
    }

    const fn leaves(self) -> Option<Status> {
        Some(match self {
            Self::Received => Status::Received,
            Self::Processing => Status::Processing,
            Self::NotTaken | Self::Retry(_) | Self::PutBack(_) | Self::Again => Status::Waiting,
            Self::Done => Status::Done,
            Self::Ignored => Status::Ignored,
            Self::Failed => Status::Failed,
            Self::Earlier => return None,
        })
    }

    /// True for the end of an attempt that counts.
    const fn counts(self) -> bool {
        matches!(
            self,
            Self::Retry(_) | Self::Done | Self::Ignored | Self::Failed
        )
    }
}

impl Item {
    /// What is wrong with the event's history; nothing, where the ledger kept its promises.
    ///
    /// `slowest` is the longest that a write may take from its writer's look at the clock, which is what
    /// its entry tells: [`limits::CALL`], but where time passes faster than calls do.
    pub fn illegalities(&self, slowest: Duration) -> Vec<Illegal> {
        let mut illegal = Vec::new();
        let mut steps = Vec::new();
        for (index, entry) in self.state.history.iter().enumerate() {
            match read(entry) {
                Some(step) => steps.push(step),
                None => illegal.push(Illegal::Unknown(index)),
            }
        }
        if illegal.is_empty() {
            for (index, pair) in steps.windows(2).enumerate() {
                illegal.extend(between(index + 1, pair[0], pair[1], slowest));
            }
            illegal.extend(self.at_the_end(&steps));
        }
        illegal
    }

    /// Attempts that may have begun: as many as the history has, and as many entries as it has left out.
    pub fn most_attempts(&self) -> usize {
        let entries = self.state.history.iter();
        let attempts = entries.map(|entry| match read(entry) {
            Some((Step::Processing, _)) => 1,
            _ => earlier(entry).map_or(0, |count| count as usize),
        });
        attempts.sum()
    }

    fn at_the_end(&self, steps: &[Told]) -> Vec<Illegal> {
        let mut illegal = Vec::new();
        let last = steps.last().and_then(|(step, _)| step.leaves());
        if last != Some(self.state.status) {
            illegal.push(Illegal::Status(self.state.status));
        }
        let life = steps.iter().rev().map(|(step, _)| *step);
        let life: Vec<Step> = life.take_while(|step| *step != Step::Again).collect();
        let number = |of: &dyn Fn(&Step) -> bool| life.iter().filter(|step| of(step)).count();
        let claims = number(&|step| *step == Step::Processing);
        let ends = number(&|step| step.counts());
        let attempts = usize::try_from(self.state.attempts).unwrap_or(usize::MAX);
        let whole = !life.contains(&Step::Earlier);
        if attempts < ends || (whole && attempts > claims) {
            illegal.push(Illegal::Attempts(self.state.attempts));
        }
        illegal
    }
}

/// An entry and its time, where it has one.
type Told = (Step, Option<Timestamp>);

fn read(entry: &str) -> Option<Told> {
    if entry.starts_with(EARLIER) {
        return Some((Step::Earlier, None));
    }
    let (time, what) = entry.split_once(' ')?;
    Some((Step::read(what)?, Some(time.parse().ok()?)))
}

fn between(
    index: usize,
    (before, then): Told,
    (next, now): Told,
    slowest: Duration,
) -> Option<Illegal> {
    if next != Step::Earlier && !before.leads_to(next) {
        return Some(Illegal::Order(index));
    }
    let (then, now) = (then?, now?);
    let latest = now.after(limits::SKEW);
    if latest.after(slowest) < then {
        return Some(Illegal::Backwards(index));
    }
    let due = then.after(before.pause());
    (next == Step::Processing && latest < due).then_some(Illegal::Early(index))
}
