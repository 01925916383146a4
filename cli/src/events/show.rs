//! One event: where it stands, and everything that happened to it.

use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
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
struct Happened {
    at: Option<String>,
    what: &'static str,
    detail: Option<String>,
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
fn summary(item: &Item) -> Summary {
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
fn happened(item: &Item, timeline: Vec<Entry>) -> Vec<Happened> {
    let mut happened: Vec<_> = timeline
        .into_iter()
        .map(|entry| (entry.at, entry.what.as_str(), entry.detail))
        .collect();
    if let Some(at) = item.state.repeated_at {
        let place = happened
            .iter()
            .rposition(|(before, ..)| before.is_some_and(|before| before <= at))
            .map_or(happened.len(), |place| place + 1);
        let duplicates = format!(
            "the last of {} deliveries that changed nothing, {} of them with another body",
            item.state.duplicates, item.state.conflicts
        );
        happened.insert(place, (Some(at), "duplicate", Some(duplicates)));
    }
    let entry = |(at, what, detail): (Option<Timestamp>, _, _)| Happened {
        at: at.map(|at| at.to_string()),
        what,
        detail,
    };
    happened.into_iter().map(entry).collect()
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
    for entry in happened(item, item.timeline()) {
        let at = entry.at.unwrap_or_default();
        let detail = entry.detail.map(|detail| format!(": {detail}"));
        let line = format!("{at} {}{}", entry.what, detail.unwrap_or_default());
        lines.push(format!("  {}", on_one_line(&line)));
    }
    lines.join("\n")
}
