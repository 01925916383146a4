//! Options of `webhooks replay`.

use std::time::Duration;

use clap::Args;
use webhooks::ledger::REASON;

use crate::place::Place;

/// Options of `webhooks replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Which events: ids (provider/source/id), or a filter as in webhooks events, such as issue:KEY since:7d
    #[arg(required = true)]
    pub(super) what: Vec<String>,
    /// Why; the history of each event keeps it with your name
    #[arg(long, value_parser = parse_reason)]
    pub(super) reason: Option<String>,
    /// Do it; without it the command says what it would do
    #[arg(long)]
    pub(super) yes: bool,
    /// Also those that are done: the ledger has no way back from done, so this says so and does the failed ones
    #[arg(long)]
    pub(super) again: bool,
    /// At most so many a second
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rate: u32,
    /// Look at the newest so many of the events that match
    #[arg(long, default_value_t = 10_000)]
    pub(super) limit: usize,
    /// Stop when so many have failed again
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) stop_after: u32,
    /// Stop when none of those that were started has ended for so long
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    pub(super) wait: Duration,
    /// Send the events to a stack on this machine instead, signed with its development secrets
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// Reads a reason.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse_reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why, in a few words".to_owned()),
        text if text.len() > REASON => Err(format!("at most {REASON} bytes")),
        text if text.contains(char::is_control) => Err("no control characters".to_owned()),
        text => Ok(text.to_owned()),
    }
}
