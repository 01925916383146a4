//! One event: everything that happened to it, its payload, and events about the same thing.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use webhooks::bucket::BucketError;
use webhooks::event::EventKey;
use webhooks::ledger::Item;
use webhooks::payload::{Data, Payload};

use super::attempts;
use super::json_view::folded;
use super::layout::{plain, same_command, status};
use super::query::{Query, link};
use super::server::Console;
use super::shell::with_words;
use crate::events::show::happened;
use crate::failure::Failure;
use crate::related::{Related, related_among};
use crate::stack::Stack;

/// Payloads read to find what is related.
const NEIGHBOURS: usize = 28;

/// An event with its payload at hand, if it is still there.
struct Found {
    item: Item,
    is_gone: bool,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let make = async |stack: &Stack| page(&console, stack, &query).await;
    console.page("Event", "/events", make).await
}

/// The payload as it came, to be kept as a file: no browser makes a page of it.
pub(super) async fn raw(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let found = match find(&console.stack, query.get("id")).await {
        Ok(found) if !found.is_gone => found,
        Ok(_) => return (StatusCode::GONE, "the payload is gone\n").into_response(),
        Err(failure) => return (StatusCode::NOT_FOUND, format!("{failure}\n")).into_response(),
    };
    let bytes = found.item.receipt.event.payload().bytes.to_vec();
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"payload\""),
    ];
    let mut answer = (headers, bytes).into_response();
    let sandbox = HeaderValue::from_static("sandbox; default-src 'none'");
    answer
        .headers_mut()
        .append(CONTENT_SECURITY_POLICY, sandbox);
    answer
}

/// Finds an event and brings its payload.
///
/// # Errors
/// [`Failure`] when the id is none, the ledger does not have it, or AWS does not answer.
async fn find(stack: &Stack, id: &str) -> Result<Found, Failure> {
    let key: EventKey = id
        .parse()
        .map_err(|error| Failure::usage(format!("{id}: {error}")))?;
    let found = stack.ledger()?.find(&key).await;
    let item = found.map_err(|error| Failure::new("the ledger", error))?;
    let Some(mut item) = item else {
        return Err(Failure::usage(format!("the ledger has no event {key}")));
    };
    match stack.bucket()?.fetch(&mut item.receipt.event).await {
        Ok(()) => Ok(Found {
            item,
            is_gone: false,
        }),
        Err(BucketError::Gone) => Ok(Found {
            item,
            is_gone: true,
        }),
        Err(error) => Err(Failure::new("the payload", error)),
    }
}

async fn page(console: &Console, stack: &Stack, query: &Query) -> Result<Markup, Failure> {
    let found = find(stack, query.get("id")).await?;
    let event = &found.item.receipt.event;
    let id = event.key().to_string();
    let near = if query.get("related") == "1" && !found.is_gone {
        Some(related_among(stack, event, NEIGHBOURS).await?)
    } else {
        None
    };
    let command = console.command(&with_words("events show", [id.clone()]));
    Ok(html! {
        h1 data-replay-page=(link("/replay", &[("id", &id)])) { (plain(event.kind())) }
        (facts(&found.item))
        p { a href=(link("/replay", &[("id", &id)])) { "Preview a replay" } }
        h2 { "What happened" }
        (timeline(&found.item))
        h2 { "Attempts" }
        (attempts::side_by_side(&found.item.timeline()))
        h2 { "Payload" }
        (payload(&id, event.payload(), found.is_gone))
        h2 id="related" { "Related events" }
        (related(&id, near.as_ref()))
        (same_command(&command))
    })
}

fn facts(item: &Item) -> Markup {
    let (event, state) = (&item.receipt.event, &item.state);
    let signed_by = event.signed_by().map_or_else(
        || "not recorded".to_owned(),
        |by| {
            format!(
                "line {} of version {} of the source's parameter",
                by.line, by.version
            )
        },
    );
    let duplicates = format!(
        "{} ({} with another body)",
        state.duplicates, state.conflicts
    );
    let mut facts = vec![
        ("Event", event.key().to_string()),
        ("Received", event.received_at().to_string()),
        ("Came as", event.origin().to_string()),
        ("Signed by secret", signed_by),
        ("Attempts", state.attempts.to_string()),
        ("Duplicates", duplicates),
        ("Redeliveries", state.redeliveries.to_string()),
        ("Sent again by the relay", state.resends.to_string()),
        ("Expires", item.receipt.expires_at.to_string()),
    ];
    let trace = event.traceparent().map(|trace| ("Trace", trace.to_owned()));
    facts.extend(trace);
    html! {
        dl.facts {
            dt { "Status" }
            dd { (status(state.status.as_str())) }
            @if let Some(cause) = &state.cause { dt { "Cause" } dd { (plain(cause)) } }
            @for (name, value) in &facts { dt { (name) } dd { (plain(value)) } }
        }
    }
}

fn timeline(item: &Item) -> Markup {
    let entries = happened(item, item.timeline());
    html! {
        div.scroll {
            table {
                thead { tr { th scope="col" { "At" } th scope="col" { "What" } th scope="col" { "Detail" } } }
                tbody {
                    @for entry in &entries {
                        tr {
                            td.time { (entry.at.as_deref().unwrap_or_default()) }
                            td { (entry.what) }
                            td { (plain(entry.detail.as_deref().unwrap_or_default())) }
                        }
                    }
                }
            }
        }
    }
}

fn payload(id: &str, payload: &Payload<'_>, is_gone: bool) -> Markup {
    if is_gone {
        return html! { p.note { "The payload is gone: it was kept for as long as the event." } };
    }
    let raw = link("/event/raw", &[("id", id)]);
    html! {
        p {
            (payload.bytes.len()) " bytes " (plain(&payload.media_type)) " "
            a href=(raw) { "Raw" } " "
            button type="button" data-copy=(raw) hidden { "Copy" }
        }
        @match payload.data() {
            Data::Json(json) => (folded(json.get())),
            Data::Binary => p.note { "It is not JSON." },
        }
    }
}

fn related(id: &str, related: Option<&Related>) -> Markup {
    let Some(related) = related else {
        let look = link("/event", &[("id", id), ("related", "1")]);
        return html! { p { a href={ (look) "#related" } { "Look for related events" } } };
    };
    html! {
        p.note { (related.payloads) " payloads of the half day before and after were read." }
        @if related.events.is_empty() { p { "None of them names the same thing." } }
        ul {
            @for event in &related.events {
                @let shares: Vec<_> = event.shares.iter().map(String::as_str).collect();
                li {
                    (event.received_at) " " (plain(&event.kind)) " "
                    a href=(link("/event", &[("id", &event.id)])) { (plain(&event.id)) }
                    ": " (plain(&shares.join(", ")))
                }
            }
        }
    }
}
