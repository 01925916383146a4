//! One event: where it stands, and everything that happened to it.

use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use webhooks::event::EventKey;
use webhooks::ledger::{Entry, Item, Summary};
use webhooks::payload::{Data, Payload};
use webhooks::timestamp::Timestamp;

use super::diff::{self, Attempt, Difference};
use super::line::Line;
use crate::failure::Failure;
use crate::related::{Related, related};
use crate::stack::Stack;
use crate::terminal::{hand_out, on_one_line, say, say_json};

/// Options of `webhooks events show`.
#[derive(Args, Clone, Debug)]
pub(super) struct ShowArgs {
    /// provider/source/id, as the list shows it
    id: String,
    /// Print the payload as well
    #[arg(long)]
    payload: bool,
    /// Say what differs between one attempt and the next
    #[arg(long)]
    diff: bool,
    /// Look for events of its source about the same thing: reads up to 100 payloads of the day around it
    #[arg(long)]
    related: bool,
}

/// The JSON of an event. The fields stay.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    line: Line,
    conflicts: u32,
    redeliveries: u32,
    resends: u32,
    last_duplicate_at: Option<String>,
    traceparent: Option<&'a str>,
    expires_at: String,
    payload: Stored<'a>,
    timeline: Vec<Happened>,
    tries: Vec<Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Difference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Related>,
}

#[derive(Serialize)]
struct Stored<'a> {
    media_type: &'a str,
    /// None while it is in the bucket and was not asked for.
    bytes: Option<usize>,
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

#[derive(Serialize)]
/// One thing that happened.
pub(crate) struct Happened {
    pub(crate) at: Option<String>,
    pub(crate) what: &'static str,
    pub(crate) detail: Option<String>,
}

pub(super) async fn run(stack: &Stack, args: &ShowArgs, json: bool) -> Result<ExitCode, Failure> {
    let key: EventKey = args
        .id
        .parse()
        .map_err(|error| Failure::usage(format!("{}: {error}", args.id)))?;
    let found = stack.ledger()?.find(&key).await;
    let item = found.map_err(|error| Failure::new("the ledger", error))?;
    let Some(mut item) = item else {
        return Err(Failure::of(format!("the ledger has no event {key}")));
    };
    let object = item.receipt.event.payload().away();
    let object = object.map(|object| object.name().to_owned());
    let text = history(&item);
    if args.payload || args.related {
        let fetched = stack.bucket()?.fetch(&mut item.receipt.event).await;
        fetched.map_err(|error| Failure::new("the payload", error))?;
    }
    let related = if args.related {
        Some(related(stack, &item.receipt.event).await?)
    } else {
        None
    };
    if json {
        say_json(&shown(&item, object.as_deref(), args, related))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(text);
    if args.diff {
        say("differences");
        for line in diff::told(&diff::attempts(&item.timeline())) {
            say(on_one_line(&line));
        }
        if item.state.conflicts > 0 {
            say("  the ledger keeps the first body alone, so none of the others can be compared");
        }
    }
    if let Some(related) = related {
        say(related);
    }
    if args.payload {
        print(item.receipt.event.payload());
    }
    Ok(ExitCode::SUCCESS)
}

/// The JSON of an event without its payload.
///
/// # Errors
/// [`Failure`] never, unless something of it is no JSON.
pub(crate) fn json(item: &Item) -> Result<Value, Failure> {
    let object = item.receipt.event.payload().away();
    let object = object.map(|object| object.name().to_owned());
    let args = ShowArgs {
        id: String::new(),
        payload: false,
        diff: false,
        related: false,
    };
    let shown = serde_json::to_value(shown(item, object.as_deref(), &args, None));
    shown.map_err(|error| Failure::new("the event", error))
}

fn print(payload: &Payload<'_>) {
    match payload.data() {
        Data::Json(json) => hand_out(&format!("\n{}", json.get())),
        Data::Binary => say(format!(
            "\n({} bytes that are not JSON)",
            payload.bytes.len()
        )),
    }
}

fn shown<'a>(
    item: &'a Item,
    object: Option<&'a str>,
    args: &ShowArgs,
    related: Option<Related>,
) -> Shown<'a> {
    let event = &item.receipt.event;
    let timeline = item.timeline();
    let tries = diff::attempts(&timeline);
    Shown {
        line: Line::of(&summary(item)),
        conflicts: item.state.conflicts,
        redeliveries: item.state.redeliveries,
        resends: item.state.resends,
        last_duplicate_at: item.state.repeated_at.map(|at| at.to_string()),
        traceparent: event.traceparent(),
        expires_at: item.receipt.expires_at.to_string(),
        payload: stored(event.payload(), object, args.payload),
        timeline: happened(item, timeline),
        differences: args.diff.then(|| diff::differences(&tries)),
        tries,
        related,
    }
}

/// The line of an event that was read whole.
pub(crate) fn summary(item: &Item) -> Summary {
    let event = &item.receipt.event;
    Summary {
        key: event.key().clone(),
        kind: event.kind().to_owned(),
        status: item.state.status,
        received_at: event.received_at(),
        attempts: item.state.attempts,
        duplicates: item.state.duplicates,
        cause: item.state.cause.clone(),
    }
}

fn stored<'a>(payload: &'a Payload<'_>, object: Option<&'a str>, is_asked: bool) -> Stored<'a> {
    let (data, base64) = match is_asked.then(|| payload.data()) {
        Some(Data::Json(json)) => (Some(json), None),
        Some(Data::Binary) => (None, Some(STANDARD.encode(&payload.bytes))),
        None => (None, None),
    };
    Stored {
        media_type: &payload.media_type,
        bytes: payload.away().is_none().then_some(payload.bytes.len()),
        object,
        data,
        base64,
    }
}

/// The timeline with the last of the deliveries that changed nothing in its place.
pub(crate) fn happened(item: &Item, timeline: Vec<Entry>) -> Vec<Happened> {
    let repeated = repeated(item, &timeline);
    let mut happened: Vec<_> = timeline
        .into_iter()
        .map(|entry| Happened {
            at: entry.at.map(|at| at.to_string()),
            what: entry.what.as_str(),
            detail: entry.detail,
        })
        .collect();
    if let Some((place, at, detail)) = repeated {
        let entry = Happened {
            at: Some(at.to_string()),
            what: "duplicate",
            detail: Some(detail),
        };
        happened.insert(place, entry);
    }
    happened
}

/// The place in the timeline of the last delivery that changed nothing, its time, and how many there were.
fn repeated(item: &Item, timeline: &[Entry]) -> Option<(usize, Timestamp, String)> {
    let state = &item.state;
    let at = state.repeated_at?;
    let is_before = |entry: &Entry| entry.at.is_some_and(|before| before <= at);
    let place = timeline.iter().rposition(is_before);
    let place = place.map_or(timeline.len(), |place| place + 1);
    let detail = format!(
        "{} so far, {} with another body",
        state.duplicates, state.conflicts
    );
    Some((place, at, detail))
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
    let cause = item.state.cause.iter();
    lines.extend(cause.map(|cause| format!("cause         {}", on_one_line(cause))));
    let trace = event.traceparent().into_iter();
    lines.extend(trace.map(|trace| format!("traceparent   {trace}")));
    lines.push("history".to_owned());
    let mut entries = item.state.history.clone();
    if let Some((place, at, detail)) = repeated(item, &item.timeline()) {
        entries.insert(place, format!("{at} duplicate: {detail}"));
    }
    let entries = entries.iter();
    lines.extend(entries.map(|entry| format!("  {}", on_one_line(entry))));
    lines.join("\n")
}
