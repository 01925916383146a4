//! `webhooks migrate`: moves a ledger of the first edition over.

use std::process::ExitCode;

use clap::Args;
use webhooks::ledger::Ledger;
use webhooks::timestamp::Timestamp;

use crate::account;
use crate::failure::Failure;
use crate::stack::Stack;
use crate::terminal::say;

/// Options of `webhooks migrate`.
#[derive(Args, Clone, Debug)]
pub struct MigrateArgs {
    /// A deployed stack, reached with the AWS credentials at hand
    #[arg(long)]
    stack: String,
    /// The profile of the AWS configuration; left out: AWS_PROFILE, else the default
    #[arg(long)]
    profile: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack is not there, or DynamoDB does not answer. It can be run again.
pub async fn run(args: &MigrateArgs) -> Result<ExitCode, Failure> {
    let config = account::config(args.profile.as_deref()).await?;
    let stack = Stack::find(config, &args.stack).await?;
    let adopted = migrate(&stack.ledger()?).await?;
    say(format!("{adopted} events moved over"));
    Ok(ExitCode::SUCCESS)
}

/// Gives every event of the first edition a state of its own; gives their number.
///
/// # Errors
/// As [`run`].
pub async fn migrate(ledger: &Ledger) -> Result<usize, Failure> {
    let (mut adopted, mut next) = (0, None);
    loop {
        let page = ledger.adopt(next, Timestamp::now()).await;
        let page = page.map_err(|error| Failure::new("the ledger", error))?;
        adopted += page.adopted;
        next = page.next;
        if next.is_none() {
            return Ok(adopted);
        }
    }
}
