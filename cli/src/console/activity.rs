//! Activity: what was received over time, and what became of it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};
use webhooks::ledger::Status;
use webhooks::timestamp::Timestamp;

use super::events::{SOURCES, choose, filter};
use super::layout::{plain, same_command, status};
use super::plot::Bars;
use super::query::Query;
use super::server::Console;
use super::shell::with_filter;
use crate::failure::Failure;
use crate::search::{self, Limits};
use crate::stack::Stack;

/// Events that a plot counts.
const EVENTS: usize = 500;

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let make = async |stack: &Stack| page(&console, stack, &query).await;
    console.page("Activity", "/activity", make).await
}

async fn page(console: &Console, stack: &Stack, query: &Query) -> Result<Markup, Failure> {
    let filter = filter(query)?;
    let mut sources = search::sources(stack, &filter).await?;
    sources.sort();
    if sources.len() > SOURCES {
        return Ok(html! { h1 { "Activity" } (choose("/activity", query, &sources)) });
    }
    let limits = Limits {
        events: EVENTS,
        lines: EVENTS,
        payloads: 0,
    };
    let now = Timestamp::now();
    let page = search::page(stack, &filter, None, limits, now).await?;
    let (mut since, until) = filter.range(now);
    let is_cut = page.next.is_some();
    // The plot begins where what was read does.
    if let (true, Some(oldest)) = (is_cut, page.events.last()) {
        since = since.max(oldest.received_at);
    }
    let mut bars = Bars::new(&filter, since, until);
    for event in &page.events {
        bars.count(event.received_at, event.status);
    }
    let names: Vec<_> = sources.iter().map(|(p, s)| format!("{p}/{s}")).collect();
    let count = |wanted| {
        page.events
            .iter()
            .filter(|event| event.status == wanted)
            .count()
    };
    Ok(html! {
        h1 { "Activity" }
        p { (plain(&names.join(", "))) ", " (plain(query.get("q"))) }
        @if is_cut { p.note { "The newest " (page.events.len()) " events alone: the plot begins with the oldest of them." } }
        @if page.events.is_empty() { p.empty { "No events match." } } @else { (bars.draw("Events by time of receipt and status")) }
        ul.views {
            @for one in Status::ALL { li { (status(one.as_str())) " " (count(one)) } }
        }
        (same_command(&console.command(&with_filter("events", &filter))))
    })
}
