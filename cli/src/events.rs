//! `webhooks events`: what the ledger says.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use webhooks::event::EventKey;
use webhooks::ledger::{Item, Listing, Status, Summary};
use webhooks::payload::Data;
use webhooks::timestamp::Timestamp;

use crate::account;
use crate::emulator;
use crate::failure::Failure;
use crate::keys::Keys;
use crate::project::Project;
use crate::replay;
use crate::stack::{NAME, Stack};
use crate::terminal::{hand_out, on_one_line, say};

/// Options of `webhooks events`.
#[derive(Args, Clone, Debug)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only this provider
    #[arg(long)]
    provider: Option<String>,
    /// Only this source
    #[arg(long)]
    source: Option<String>,
    /// Only this type (github.push), or all that begin so (stripe.charge.*)
    #[arg(long = "type")]
    kind: Option<String>,
    /// Only events that stand here: received, processing, waiting, done, ignored, failed
    #[arg(long, value_parser = parse_status)]
    status: Option<Status>,
    /// Only events received since then: an age (90s, 15m, 36h, 7d) or a time (2026-01-31T00:00:00Z)
    #[arg(long, default_value = "24h", value_parser = parse_moment)]
    since: Moment,
    /// Only events received until then
    #[arg(long, default_value = "0s", value_parser = parse_moment)]
    until: Moment,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    place: Place,
}

/// Which stack.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// A deployed stack, reached with the AWS credentials at hand; left out: the local stack
    #[arg(long, global = true)]
    stack: Option<String>,
    /// The profile of the AWS configuration; left out: AWS_PROFILE, else the default
    #[arg(long, global = true, requires = "stack")]
    profile: Option<String>,
    /// The port of the local stack's emulator
    #[arg(long, global = true, default_value_t = 4566)]
    emulator_port: u16,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// One event: where it stands, its history and its payload's size
    Show {
        /// provider/source/id, as the list shows it
        id: String,
        /// Print the payload as well
        #[arg(long)]
        payload: bool,
    },
    /// Start failed events again, as a redelivery by their provider would
    Replay {
        /// provider/source/id, as the list shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// A point in time, or an age.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl Moment {
    /// The point in time that it is at `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(age) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millis(now.millis().saturating_sub(age))
            }
        }
    }
}

pub(crate) fn parse_moment(text: &str) -> Result<Moment, String> {
    let age = humantime::parse_duration(text).map(Moment::Ago);
    age.or_else(|_| text.parse().map(Moment::At))
        .map_err(|_| "neither an age (15m, 36h, 7d) nor a time (2026-01-31T00:00:00Z)".to_owned())
}

fn parse_status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| {
        let words: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
        format!("choose one of {}", words.join(", "))
    })
}

impl Place {
    /// Finds the stack.
    ///
    /// # Errors
    /// [`Failure`] when it is not there.
    pub async fn stack(&self) -> Result<Stack, Failure> {
        match &self.stack {
            Some(name) => {
                let config = account::config(self.profile.as_deref()).await?;
                Stack::find(config, name).await
            }
            None => {
                let endpoint = emulator::endpoint(self.emulator_port);
                let keys = emulator::keys_file(&Project::here()?, self.emulator_port)?;
                let none = |_| {
                    Failure::of(
                        "no local stack runs; start it with make dev, or name a deployed one with --stack",
                    )
                };
                let config = Keys::read(&keys).map_err(none)?.config(&endpoint);
                Stack::find(config, NAME).await.map_err(none)
            }
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack or the event is not there.
pub async fn run(args: &EventsArgs) -> Result<ExitCode, Failure> {
    let stack = args.place.stack().await?;
    match &args.command {
        Some(Command::Show { id, payload }) => show(&stack, id, *payload).await,
        Some(Command::Replay { ids }) => replay::run(&stack, ids).await,
        None => list(&stack, args).await,
    }
}

async fn list(stack: &Stack, args: &EventsArgs) -> Result<ExitCode, Failure> {
    let now = Timestamp::now();
    if args.since.resolve(now) > args.until.resolve(now) {
        return Err(Failure::usage("--since is later than --until"));
    }
    let ledger = stack.ledger()?;
    let wanted =
        |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let mut summaries = Vec::new();
    // One that is named whole may have lost its secret since.
    let sources = match (&args.provider, &args.source) {
        (Some(provider), Some(source)) => vec![(provider.clone(), source.clone())],
        _ => stack.sources().await?,
    };
    for (provider, source) in sources {
        if !wanted(&args.provider, &provider) || !wanted(&args.source, &source) {
            continue;
        }
        let listing = Listing {
            provider,
            source,
            kind: args.kind.clone(),
            status: args.status,
            since: args.since.resolve(now),
            until: args.until.resolve(now),
            limit: args.limit,
        };
        let found = ledger.list(&listing).await;
        summaries.extend(found.map_err(|error| Failure::new("the ledger", error))?);
    }
    summaries.sort_by(|a, b| b.received_at.cmp(&a.received_at).then(a.key.cmp(&b.key)));
    summaries.truncate(args.limit);
    if summaries.is_empty() {
        say("no events match")
    } else {
        say(table(&summaries))
    }
    Ok(ExitCode::SUCCESS)
}

fn table(summaries: &[Summary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "RECEIVED",
        "TYPE",
        "STATUS",
        "ATTEMPTS",
        "DUPLICATES",
        "ID",
        "CAUSE",
    ]);
    for summary in summaries {
        table.add_row([
            summary.received_at.to_string(),
            on_one_line(&summary.kind).into_owned(),
            summary.status.as_str().to_owned(),
            summary.attempts.to_string(),
            summary.duplicates.to_string(),
            on_one_line(&summary.key.to_string()).into_owned(),
            on_one_line(summary.cause.as_deref().unwrap_or_default()).into_owned(),
        ]);
    }
    table
}

async fn show(stack: &Stack, id: &str, payload: bool) -> Result<ExitCode, Failure> {
    let key: EventKey = id
        .parse()
        .map_err(|error| Failure::usage(format!("{id}: {error}")))?;
    let found = stack.ledger()?.find(&key).await;
    let item = found.map_err(|error| Failure::new("the ledger", error))?;
    let Some(mut item) = item else {
        return Err(Failure::of(format!("the ledger has no event {id}")));
    };
    say(history(&item));
    if payload {
        let fetched = stack.bucket()?.fetch(&mut item.receipt.event).await;
        fetched.map_err(|error| Failure::new("the payload", error))?;
        match item.receipt.event.payload().data() {
            Data::Json(json) => hand_out(&format!("\n{}", json.get())),
            Data::Binary => say(format!(
                "\n({} bytes that are not JSON)",
                item.receipt.event.payload().bytes.len()
            )),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn history(item: &Item) -> String {
    let event = &item.receipt.event;
    let mut lines = vec![
        format!("event         {}", event.key()),
        format!("type          {}", event.kind()),
        format!("status        {}", item.state.status.as_str()),
        format!("received      {}", event.received_at()),
        format!("attempts      {}", item.state.attempts),
        format!(
            "duplicates    {} ({} with another body)",
            item.state.duplicates, item.state.conflicts
        ),
        format!("redeliveries  {}", item.state.redeliveries),
        format!("sent again    {} times by the relay", item.state.resends),
        match event.payload().away() {
            Some(object) => format!("payload       in the bucket as {}", object.name()),
            None => format!(
                "payload       {} bytes {}",
                event.payload().bytes.len(),
                event.payload().media_type
            ),
        },
    ];
    lines.extend(
        item.state
            .cause
            .iter()
            .map(|cause| format!("cause         {}", on_one_line(cause))),
    );
    lines.extend(
        event
            .traceparent()
            .map(|trace| format!("traceparent   {trace}")),
    );
    lines.push("history".to_owned());
    lines.extend(item.state.history.iter().map(|entry| format!("  {entry}")));
    lines.join("\n")
}
