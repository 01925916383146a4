//! `webhooks providers`: what is known of each provider, from its profile.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use webhooks::provider::handshake::{Guard, Handshake, Proof};
use webhooks::provider::profile::{Acknowledgement, Later};
use webhooks::provider::{Explained, catalog};

use crate::failure::Failure;
use crate::send::find_provider;
use crate::terminal::say;

/// Options of `webhooks providers`.
#[derive(Args, Clone, Debug)]
pub struct ProvidersArgs {
    /// One provider, instead of the table of all
    name: Option<String>,
}

/// What the columns of the table are called.
const COLUMNS: [&str; 9] = [
    "provider",
    "signature",
    "event id",
    "event type",
    "handshake",
    "answer",
    "sends again",
    "the URL goes to",
    "the secret is",
];

/// Runs the command.
///
/// # Errors
/// [`Failure`] when there is no such provider.
pub fn run(args: &ProvidersArgs) -> Result<ExitCode, Failure> {
    match &args.name {
        None => table().lines().for_each(say),
        Some(name) => {
            let cells = cells(find_provider(name)?);
            for (column, cell) in COLUMNS.iter().zip(cells) {
                say(format!("{column:16} {}", cell.replace('`', "")));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The table of all providers, in Markdown.
pub fn table() -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&COLUMNS.map(str::to_owned));
    table.push_str(&line(&COLUMNS.map(|_| "---".to_owned())));
    let mut all: Vec<_> = catalog::all().collect();
    all.sort_by_key(|provider| provider.profile().name);
    for provider in all {
        table.push_str(&line(&cells(provider).map(|cell| cell.replace('|', "\\|"))));
    }
    table
}

fn cells(provider: &dyn Explained) -> [String; 9] {
    let profile = provider.profile();
    let setup = provider.setup();
    let (id, kind) = provider.naming();
    [
        format!("`{}` {}", profile.name, profile.title),
        signature(provider),
        id,
        kind,
        handshakes(provider.handshakes()),
        answer(provider),
        setup.retries.to_owned(),
        setup.paste.to_owned(),
        setup.secret.to_owned(),
    ]
}

fn signature(provider: &dyn Explained) -> String {
    let schemes = provider.schemes();
    if schemes.is_empty() {
        return provider.form();
    }
    let mut written: Vec<_> = schemes
        .iter()
        .map(|scheme| format!("`{}`: {}", scheme.place.name(), scheme.signing()))
        .collect();
    written.dedup();
    written.join("; or ")
}

fn handshakes(handshakes: &[Handshake]) -> String {
    let words = handshakes.iter().map(|handshake| {
        let method = handshake.method.as_str();
        match handshake.guard {
            Guard::Signature if matches!(handshake.answer, Proof::FetchBack(..)) => {
                format!("a signed {method}, whose URL is read")
            }
            Guard::Signature => format!("a signed {method}"),
            Guard::Nothing => format!("a {method}"),
            Guard::VerifyToken(_) => format!("a {method} with the setting `verify_token`"),
            Guard::Pairing(_) => format!("a {method} that brings the secret"),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn answer(provider: &dyn Explained) -> String {
    let profile = provider.profile();
    let form = match profile.acknowledgement {
        Acknowledgement::Json => "202 or 200",
        Acknowledgement::Empty => "200, empty",
        Acknowledgement::NoContent => "204",
        Acknowledgement::Fixed { .. } => "200",
    };
    let within = seconds(profile.answer_within);
    let refusal = match profile.refusal {
        401 => String::new(),
        other => format!("; {other} to what is refused"),
    };
    let later = match profile.later {
        Later::ServiceUnavailable => "",
        Later::TooManyRequests => "; 429 for \"later\"",
    };
    format!("{form} within {within}{refusal}{later}")
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}
