//! `webhooks events replay`: starts failed events again, as a redelivery would.

use std::process::ExitCode;

use webhooks::envelope::envelope;
use webhooks::event::EventKey;
use webhooks::ledger::{Status, token};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::stack::Stack;
use crate::terminal::{say, warn};

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
    let reopened = ledger.reopen(key, &token, false, now.after(stack.retention()), now);
    if !reopened.await.map_err(|error| failure(&error))? {
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
