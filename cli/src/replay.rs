//! Failed events started again, as a redelivery would: `webhooks events replay` by id, and [`command`], `webhooks
//! replay`, with a preview, a reason and a watch.

pub(crate) mod args;
pub(crate) mod chosen;
pub mod command;
mod forward;
pub(crate) mod outcome;
pub(crate) mod paced;
mod watch;

use std::process::ExitCode;

use webhooks::envelope::envelope;
use webhooks::event::EventKey;
use webhooks::ledger::{Replay, Status, token};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::stack::Stack;
use crate::terminal::{say, warn};

pub use args::ReplayArgs;

/// The result of starting one event again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is received again and on its way.
    Started,
    /// It stands elsewhere, and was left alone.
    Left(Status),
    /// The ledger does not have it.
    Unknown,
}

/// Starts events again and prints what became of each. The exit code is 1 when one was left alone.
///
/// # Errors
/// [`Failure`] when an id is no key or AWS does not answer.
pub async fn run(stack: &Stack, ids: &[String]) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        let key: EventKey = id
            .parse()
            .map_err(|error| Failure::usage(format!("{id}: {error}")))?;
        let text = match replay(stack, &key).await {
            Ok(Replayed::Started) => {
                say(format!("{id}: started again"));
                continue;
            }
            Ok(Replayed::Left(status)) => {
                format!("is {}; only failed events start again", status.as_str())
            }
            Ok(Replayed::Unknown) => "is not in the ledger".to_owned(),
            Err(failure) => failure.to_string(),
        };
        warn(format!("{id}: {text}"));
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

/// Starts one event again, if it is failed and its payload is still there.
///
/// # Errors
/// [`Failure`] when AWS does not answer, or the payload is gone.
pub async fn replay(stack: &Stack, key: &EventKey) -> Result<Replayed, Failure> {
    start(stack, key, None).await
}

/// The same; the history keeps who did it and why, where that is given.
async fn start(stack: &Stack, key: &EventKey, by: Option<&Replay>) -> Result<Replayed, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::of(error.to_string());
    let ledger = stack.ledger()?;
    let Some(mut item) = ledger.find(key).await.map_err(|error| failure(&error))? else {
        return Ok(Replayed::Unknown);
    };
    if item.state.status != Status::Failed {
        return Ok(Replayed::Left(item.state.status));
    }
    if item.receipt.event.payload().away().is_some() {
        // Written anew, so that it lives as long as the event does from now on.
        let bucket = stack.bucket()?;
        let fetched = bucket.fetch(&mut item.receipt.event).await;
        fetched.map_err(|error| failure(&error))?;
        let kept = bucket.keep(&mut item.receipt.event).await;
        kept.map_err(|error| failure(&error))?;
    }
    let (token, now) = (token(), Timestamp::now());
    let expires_at = now.after(stack.retention());
    let reopened = match by {
        Some(by) => ledger.replay(key, &token, by, expires_at, now).await,
        None => ledger.reopen(key, &token, false, expires_at, now).await,
    };
    if !reopened.map_err(|error| failure(&error))? {
        // Somebody else was faster, so it is on its way.
        return Ok(Replayed::Left(Status::Waiting));
    }
    if let Err(error) = stack
        .queue()?
        .send(envelope(&item.receipt.event), None)
        .await
    {
        warn(format!("{key}: {error}; the relay will send it"));
    }
    Ok(Replayed::Started)
}
