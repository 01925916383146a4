//! `webhooks scheme`: tries the description of a provider that is not known, or finds one.

use std::path::Path;
use std::process::ExitCode;

use webhooks::provider::Explained;
use webhooks::provider::custom::CUSTOM;
use webhooks::provider::naming::Piece;
use webhooks::provider::row::Row;
use webhooks::scheme::Part;
use webhooks::source_settings::SourceSettings;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::captured_request::CapturedRequest;
use crate::failure::Failure;
use crate::terminal::say;
use crate::verify::{check_request, read, read_request};

pub mod guess;
mod sighting;

/// Try how a provider that is not known signs, or find it out
#[derive(Debug, clap::Args)]
pub struct SchemeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read a source's settings as the function does, and hold a captured request against them
    Check {
        /// The settings as JSON, with the member scheme
        #[arg(value_name = "FILE")]
        settings: String,
        /// A captured request as JSON: method, url, headers, body or body_base64, secrets, now
        #[arg(long, value_name = "FILE")]
        request: Option<String>,
    },
    /// Find how a captured request is signed, and print the settings to paste
    Guess {
        /// The request as JSON: method, url, headers, body or body_base64, secrets, now
        #[arg(long, value_name = "FILE")]
        request: String,
    },
}

/// Runs the command: exit code 0 where a scheme holds, 1 where none does.
///
/// # Errors
/// [`Failure`] of the usage kind (exit code 2) when a file cannot be read or is not in order.
pub fn run(args: &SchemeArgs) -> Result<ExitCode, Failure> {
    let good = match &args.command {
        Command::Check { settings, request } => check(settings, request.as_deref())?,
        Command::Guess { request } => guess::run(request)?,
    };
    Ok(ExitCode::from(u8::from(!good)))
}

fn check(settings: &str, request: Option<&str>) -> Result<bool, Failure> {
    let text = std::fs::read_to_string(settings);
    let text = text.map_err(|error| Failure::usage(format!("{settings}: {error}")))?;
    let read = SourceSettings::parse(&text, CUSTOM.profile());
    let read = read.map_err(|problem| Failure::usage(format!("{settings}: {problem}")))?;
    let Some(described) = read.described else {
        return Err(Failure::usage(format!(
            "{settings}: there is no scheme in it"
        )));
    };
    describe(described.0);
    for name in unsigned_names(described.0) {
        say(format!(
            "note: {name} is not signed; whoever sees a delivery can send it again under another. Set \
             replays to refuse, or name events by the body"
        ));
    }
    match request {
        None => Ok(true),
        Some(file) => hold(described.0, file),
    }
}

/// Says what the function makes of a description.
fn describe(provider: &dyn Explained) {
    let (id, kind) = provider.naming();
    for scheme in provider.schemes() {
        say(format!(
            "signature  {}: {}",
            scheme.place.name(),
            provider.form()
        ));
        say(format!("signs      {}", scheme.signing().replace('`', "")));
    }
    say(format!("id         {}", id.replace('`', "")));
    say(format!("type       {}", kind.replace('`', "")));
}

/// The headers by which events are named though nothing signs them.
fn unsigned_names(row: &Row) -> Vec<&'static str> {
    let signed = |name: &str| {
        let mut parts = row.schemes.iter().flat_map(|scheme| scheme.signed);
        parts.any(|part| matches!(part, Part::Header(other) if other.eq_ignore_ascii_case(name)))
    };
    let pieces = row.naming.id.iter().flat_map(|way| way.iter());
    let headers = pieces.filter_map(|piece| match piece {
        Piece::Header(name) => Some(*name),
        _ => None,
    });
    headers.filter(|name| !signed(name)).collect()
}

/// Holds a captured request against a description.
fn hold(provider: &dyn Explained, file: &str) -> Result<bool, Failure> {
    let usage = |problem: String| Failure::usage(format!("{file}: {problem}"));
    let json = read(file).map_err(|error| usage(error.to_string()))?;
    let now = Timestamp::now();
    let answer = check_request(provider, &json, now).map_err(usage)?;
    say(answer.text.trim_end());
    if answer.good {
        let captured = read_request(&json).map_err(usage)?;
        say_event(provider, &captured, now);
    }
    Ok(answer.good)
}

/// Says which event the request brings.
fn say_event(provider: &dyn Explained, captured: &CapturedRequest, clock: Timestamp) {
    let now = captured.now.unwrap_or(clock);
    let Ok(verified) = verify(provider, &captured.delivery, &captured.secrets, now) else {
        return;
    };
    match provider.identify(&verified) {
        Ok(meaning) => match meaning.identities().first() {
            Some(identity) => say(format!(
                "event {} of type custom.{}",
                identity.id, identity.kind
            )),
            None => say("a challenge, which is answered"),
        },
        Err(problem) => say(format!("no event: {problem}; the function answers 400")),
    }
}

/// A file's name without its folders, for what is printed.
fn file_name(file: &str) -> &str {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    name.unwrap_or(file)
}
