//! The events that a replay has started, until they end.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::Instant;
use webhooks::event::EventKey;
use webhooks::ledger::{State, Status, Summary};

use super::outcome::{Line, Outcome};
use crate::failure::Failure;
use crate::stack::Stack;

/// States read at a time.
const CONCURRENCY: usize = 8;

/// The events that a replay has started.
pub(super) struct Watch<'a> {
    stack: &'a Stack,
    open: Vec<Summary>,
    ended: Vec<Line>,
    looked_at: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(stack: &'a Stack) -> Self {
        Self {
            stack,
            open: Vec::new(),
            ended: Vec::new(),
            looked_at: Instant::now(),
        }
    }

    /// Watches one more, which was started.
    pub(super) fn follow(&mut self, event: &Summary) {
        self.open.push(event.clone());
    }

    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    pub(super) fn ended(&self) -> usize {
        self.ended.len()
    }

    pub(super) fn ended_well(&self) -> usize {
        self.ended() - self.failed_again()
    }

    pub(super) fn failed_again(&self) -> usize {
        let ended = self.ended.iter();
        ended
            .filter(|line| line.outcome == Outcome::FailedAgain)
            .count()
    }

    /// Looks, if the last look is older than that.
    pub(super) async fn look_after(&mut self, pause: Duration) -> Result<(), Failure> {
        if self.looked_at.elapsed() > pause {
            self.look().await?;
        }
        Ok(())
    }

    /// Sees which have ended. The states are read consistently: an older one would still say `failed`.
    pub(super) async fn look(&mut self) -> Result<(), Failure> {
        let ledger = self.stack.ledger()?;
        let reads = self.open.iter().map(async |event| {
            let state = ledger.state(&event.key).await?;
            Ok::<_, webhooks::ledger::LedgerError>((event.key.clone(), state))
        });
        let states: Vec<(EventKey, State)> = stream::iter(reads)
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
            .map_err(|error| Failure::new("the ledger", error))?;
        for (key, state) in states {
            let outcome = match state.status {
                Status::Done => Outcome::Done,
                Status::Ignored => Outcome::Ignored,
                Status::Failed => Outcome::FailedAgain,
                Status::Received | Status::Processing | Status::Waiting => continue,
            };
            if let Some(place) = self.open.iter().position(|event| event.key == key) {
                let event = self.open.swap_remove(place);
                self.ended.push(Line::of(&event, outcome, state.cause));
            }
        }
        self.looked_at = Instant::now();
        Ok(())
    }

    /// How far it is, of so many, in words.
    pub(super) fn progress(&self, all: usize) -> String {
        format!(
            "{} of {all} started; {} ended well, {} failed again, {} on their way",
            self.ended() + self.open(),
            self.ended_well(),
            self.failed_again(),
            self.open()
        )
    }

    /// What became of each.
    pub(super) fn into_lines(self) -> Vec<Line> {
        let open = self.open.iter();
        let open = open.map(|event| Line::of(event, Outcome::Open, None));
        self.ended.into_iter().chain(open).collect()
    }
}
