//! Events: the table, its filter, its pages, and the live list.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};
use webhooks::ledger::{Position, Status, Summary};
use webhooks::timestamp::Timestamp;

use super::layout::{plain, same_command, status};
use super::query::{Query, link};
use super::server::Console;
use super::shell::with_filter;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::search::{self, Limits, Page};
use crate::stack::Stack;

/// Filters that are one click away.
const VIEWS: [(&str, &str); 5] = [
    ("Last day", ""),
    ("Last hour", "since:1h"),
    ("Failed", "status:failed since:7d"),
    ("Waiting", "status:waiting since:30d"),
    ("Done", "status:done"),
];

/// Sources that one page reads: each takes sixteen requests.
pub(super) const SOURCES: usize = 2;

/// Events on a page.
const EVENTS: usize = 50;

/// Entries looked at in the index of what did not end well.
pub(super) const LATE: usize = 400;

/// Payloads that a page reads.
const PAYLOADS: usize = 8;

/// The pause of a live list. docs/operations.md says what that costs.
const EVERY: &str = "every 5s";

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let make = async |stack: &Stack| list(&console, stack, &query).await;
    console.page("Events", "/events", make).await
}

/// The filter of a page.
///
/// # Errors
/// [`Failure`] that names the wrong word.
pub(super) fn filter(query: &Query) -> Result<Filter, Failure> {
    let filter = query.get("q").parse();
    filter.map_err(|error: crate::filter::FilterError| Failure::usage(error.to_string()))
}

/// The most that a page of these events may read.
pub(super) fn limits(filter: &Filter, sources: usize) -> Limits {
    let lines = match (is_late(filter), sources) {
        (true, _) => LATE,
        (false, 0 | 1) => 2 * EVENTS,
        (false, _) => EVENTS,
    };
    Limits {
        events: EVENTS,
        lines,
        payloads: PAYLOADS,
    }
}

/// True if only what did not end well is meant, which one index has for all sources.
fn is_late(filter: &Filter) -> bool {
    matches!(
        filter.statuses().as_slice(),
        [Status::Failed] | [Status::Waiting]
    )
}

/// The filter, if a page can bear it: the lists of what failed and of what waits take 32 requests each.
fn of_one_list(filter: Filter) -> Result<Filter, Failure> {
    let late = filter.statuses();
    let has = |status| late.contains(&status);
    if has(Status::Failed) && has(Status::Waiting) {
        let message =
            "what failed and what waits are two lists; ask for one status after the other";
        return Err(Failure::usage(message));
    }
    Ok(filter)
}

/// The sources that a page would have to read; none where one index has it all.
///
/// # Errors
/// [`Failure`] when SSM does not answer.
async fn sources(stack: &Stack, filter: &Filter) -> Result<Vec<(String, String)>, Failure> {
    if is_late(filter) {
        return Ok(Vec::new());
    }
    let mut sources = search::sources(stack, filter).await?;
    sources.sort();
    Ok(sources)
}

async fn list(console: &Console, stack: &Stack, query: &Query) -> Result<Markup, Failure> {
    let filter = match filter(query).and_then(of_one_list) {
        Ok(filter) => filter,
        // The form stays, so that the word can be mended.
        Err(failure) => return Ok(wrong(query, &failure)),
    };
    let sources = sources(stack, &filter).await?;
    let rest = html! {
        h1 { "Events" }
        (form(query, None))
        (views("/events"))
    };
    if sources.len() > SOURCES {
        return Ok(html! { (rest) (choose("/events", query, &sources)) });
    }
    let after: Option<Position> = match query.get("after") {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|error| Failure::usage(format!("after={text}: {error}")))?,
        ),
    };
    let now = Timestamp::now();
    let limits = limits(&filter, sources.len());
    let page = search::page(stack, &filter, after, limits, now).await?;
    let command = console.command(&with_filter("events", &filter));
    Ok(html! {
        (rest)
        (table(query, &page, now))
        (same_command(&command))
    })
}

fn wrong(query: &Query, failure: &Failure) -> Markup {
    html! {
        h1 { "Events" }
        (form(query, Some(&failure.to_string())))
        (views("/events"))
    }
}

/// The form of the filter.
fn form(query: &Query, problem: Option<&str>) -> Markup {
    html! {
        form.filter action="/events" method="get" role="search" {
            label for="q" {
                "Filter, such as " code { "provider:github status:failed since:24h" }
                input type="search" id="q" name="q" value=(query.get("q")) autocomplete="off" spellcheck="false"
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| "problem")];
            }
            button type="submit" { "Filter" }
        }
        @if let Some(problem) = problem {
            p.problem id="problem" role="alert" { (plain(problem)) }
        }
    }
}

fn views(path: &str) -> Markup {
    html! {
        ul.views aria-label="Views" {
            @for (name, filter) in VIEWS { li { a href=(link(path, &[("q", filter)])) { (name) } } }
        }
    }
}

/// Links to the sources, where a page cannot read them all.
pub(super) fn choose(path: &str, query: &Query, sources: &[(String, String)]) -> Markup {
    html! {
        h2 { "Choose a source" }
        p.note {
            (sources.len()) " sources match. Each takes 16 requests to DynamoDB, and a page reads " (SOURCES)
            " sources at most. What failed or waits is one list for all sources."
        }
        ul {
            @for (provider, source) in sources {
                @let filter = format!("provider:{provider} source:{source} {}", query.get("q"));
                li { a href=(link(path, &[("q", filter.trim_end())])) { (plain(provider)) "/" (plain(source)) } }
            }
        }
    }
}

/// The list, which replaces itself while it is live.
fn table(query: &Query, page: &Page, now: Timestamp) -> Markup {
    let q = query.get("q");
    let is_live = query.get("live") == "1";
    let here = link("/events", &[("q", q), ("live", "1")]);
    let next = page.next.as_ref().map(Position::to_string);
    let next = next.map(|next| link("/events", &[("q", q), ("after", &next)]));
    html! {
        section id="list" aria-label="Events that match"
            hx-get=[is_live.then_some(&here)] hx-trigger=[is_live.then_some(EVERY)]
            hx-select=[is_live.then_some("#list")] hx-swap=[is_live.then_some("outerHTML")]
        {
            (behind(page, is_live, now))
            p {
                @if is_live {
                    a href=(link("/events", &[("q", q)])) { "Pause" }
                } @else {
                    a href=(here) { "Live" }
                    " "
                    a href=(link("/events", &[("q", q)])) { "Look again" }
                }
            }
            (rows(&page.events))
            (read(page))
            @if let Some(next) = next { p { a href=(next) rel="next" { "Next page" } } }
        }
    }
}

/// How old is what the list shows.
fn behind(page: &Page, is_live: bool, now: Timestamp) -> Markup {
    let newest = page.events.first();
    let newest = newest.map(|event| event.received_at.age(now).as_secs());
    html! {
        p.note {
            @if is_live { "Live, every 5 s. " }
            "Looked at " time datetime=(now) { (now) } ", "
            span data-looked-at=(now.millis()) { "when this page was made" } "."
            @if let Some(age) = newest { " The newest event here was " (age) " s old then." }
        }
    }
}

/// What was looked at, where the list says less than that.
fn read(page: &Page) -> Markup {
    html! {
        p.note {
            (page.events.len()) " events, of " (page.read.events) " looked at"
            @if page.read.payloads > 0 { ", " (page.read.payloads) " payloads read" }
            "."
            @if page.is_cut {
                " There are more that did not end well: these are of the newest " (LATE)
                ". The command lists all."
            }
        }
    }
}

/// Events as a table whose rows can be chosen for a replay.
pub(super) fn rows(events: &[Summary]) -> Markup {
    if events.is_empty() {
        return html! { p.empty { "No events match." } };
    }
    html! {
        form action="/replay" method="get" {
            div.scroll {
                table.rows {
                    thead {
                        tr {
                            th scope="col" { "Choose" }
                            @for name in ["Received", "Type", "Status", "Attempts", "Duplicates", "Event", "Cause"] {
                                th scope="col" { (name) }
                            }
                        }
                    }
                    tbody { @for (place, event) in events.iter().enumerate() { (row(place, event)) } }
                }
            }
            p { button type="submit" { "Preview a replay of those chosen" } }
        }
    }
}

fn row(place: usize, event: &Summary) -> Markup {
    let id = event.key.to_string();
    html! {
        tr {
            td { input type="checkbox" name="id" value=(id) aria-label={ "Choose " (plain(&id)) }; }
            td.time { time datetime=(event.received_at) { (event.received_at) } }
            td { (plain(&event.kind)) }
            td { (status(event.status.as_str())) }
            td.number title="attempts" { (event.attempts) }
            td.number title="duplicates" { (event.duplicates) }
            td {
                a id={ "row-" (place) } data-row="" data-replay=(link("/replay", &[("id", &id)]))
                    href=(link("/event", &[("id", &id)])) { (plain(&id)) }
            }
            td { (plain(event.cause.as_deref().unwrap_or_default())) }
        }
    }
}
