//! Replays: a preview first, then, where it is allowed, the same code as `webhooks replay` in the background.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tokio::runtime::Handle;
use webhooks::ledger::{REASON, Replay};
use webhooks::timestamp::Timestamp;

use super::events::{self, rows};
use super::layout::{plain, same_command};
use super::query::{Query, link};
use super::server::Console;
use super::session::FORM_KEY;
use super::shell::with_words;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::replay::args::parse_reason;
use crate::replay::chosen::{Chosen, choose};
use crate::replay::outcome::Report;
use crate::replay::paced::{Plan, run};
use crate::search::Limits;
use crate::stack::Stack;

/// Events that are started a second, failures after which it stops, and the longest wait, as the command has them.
const PLAN: Plan = Plan {
    rate: 10,
    stop_after: 3,
    wait: Duration::from_secs(60),
};

/// The replay that was started last.
pub(super) struct Run {
    events: usize,
    reason: String,
    /// None while it goes on.
    ended: Option<Result<Report, Failure>>,
}

pub(super) async fn preview(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let make = async |stack: &Stack| {
        let chosen = find(stack, &query).await?;
        Ok(page(&console, &query, &chosen, None))
    };
    console.page("Replay", "/events", make).await
}

/// The events that a page names by their ids, or the failed ones of its filter.
async fn find(stack: &Stack, query: &Query) -> Result<Chosen, Failure> {
    let ids = query.all("id");
    let filter = events::filter(query)?;
    let words = if ids.is_empty() { words(&filter) } else { ids };
    let limits = Limits {
        events: events::LATE,
        ..events::limits(&filter, 0)
    };
    let limits = Limits {
        lines: events::LATE,
        ..limits
    };
    choose(stack, &words, limits, Timestamp::now()).await
}

/// A filter's words, of failed events alone: no others start again.
fn words(filter: &Filter) -> Vec<String> {
    let terms = filter.terms().iter().filter(|term| term.key() != "status");
    let words = terms.map(ToString::to_string);
    words.chain(["status:failed".to_owned()]).collect()
}

fn page(console: &Console, query: &Query, chosen: &Chosen, problem: Option<&str>) -> Markup {
    let failed: Vec<_> = chosen.failed().cloned().collect();
    let left = chosen.events.len() - failed.len();
    let what = match query.all("id") {
        ids if ids.is_empty() => words(&events::filter(query).unwrap_or_default()),
        ids => ids,
    };
    let command = console.command(&with_words("replay", what));
    html! {
        h1 { "Preview of a replay" }
        p { (failed.len()) " events would start again." }
        @if left > 0 { p { (left) " events have not failed and would be left alone: only failed events start again." } }
        @for key in &chosen.unknown { p.problem { (plain(&key.to_string())) " is not in the ledger." } }
        @if chosen.is_cut { p.note { "There are more; these failed last. The command takes all." } }
        (form(console, query, chosen, problem))
        @if !chosen.events.is_empty() { h2 { "These events" } (rows(&chosen.events)) }
        (same_command(&command))
    }
}

fn form(console: &Console, query: &Query, chosen: &Chosen, problem: Option<&str>) -> Markup {
    if !console.allow_replay {
        return html! {
            p.note { "This console is read-only. Start it with " code { "--allow-replay" } ", or run the command below with "
                code { "--yes --reason TEXT" } "." }
        };
    }
    if chosen.failed().next().is_none() {
        return html! {};
    }
    html! {
        form action="/replay/start" method="post" {
            input type="hidden" name=(FORM_KEY) value=(console.session.form_key());
            @for event in chosen.failed() { input type="hidden" name="id" value=(event.key); }
            label for="reason" { "Why? The history of each event keeps it, with your name." }
            input type="text" id="reason" name="reason" required maxlength=(REASON) value=(query.get("reason"))
                aria-describedby=[problem.map(|_| "problem")];
            @if let Some(problem) = problem { p.problem id="problem" role="alert" { (problem) } }
            p { button type="submit" { "Start them again" } }
        }
    }
}

pub(super) async fn start(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    let form = Query::of_form(&body);
    if !console.session.made(&form) {
        return (
            StatusCode::FORBIDDEN,
            "no page of ours has made this form\n",
        )
            .into_response();
    }
    if !console.allow_replay {
        let message = "this console is read-only; start it with --allow-replay\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let reason = match parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(problem) => return again(&console, &form, &problem).await,
    };
    match begin(&console, &form, reason).await {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/replay/run")]).into_response(),
        Err(failure) => {
            let make = async |_: &Stack| Err(failure);
            console.page("Replay", "/events", make).await
        }
    }
}

/// The preview once more, with what is wrong with the form.
async fn again(console: &Console, form: &Query, problem: &str) -> Response {
    let make = async |stack: &Stack| {
        let chosen = find(stack, form).await?;
        Ok(page(console, form, &chosen, Some(problem)))
    };
    console.page("Replay", "/events", make).await
}

/// Starts the events that the form names; one replay at a time.
async fn begin(console: &Arc<Console>, form: &Query, reason: String) -> Result<(), Failure> {
    if form.all("id").is_empty() {
        return Err(Failure::usage("no event is named"));
    }
    let chosen = find(&console.stack, form).await?;
    let caller = console.place.caller(&console.stack).await?;
    let mut last = console.run.lock().await;
    if last.as_ref().is_some_and(|run| run.ended.is_none()) {
        return Err(Failure::usage("another replay goes on; wait for its end"));
    }
    *last = Some(Run {
        events: chosen.failed().count(),
        reason: reason.clone(),
        ended: None,
    });
    drop(last);
    let (console, here) = (Arc::clone(console), Handle::current());
    // What it does stays on one thread, so that it need not be `Send`.
    tokio::task::spawn_blocking(move || {
        let by = Replay::new(&caller, &reason);
        let ended = here.block_on(run(&console.stack, &chosen, &by, PLAN, true));
        if let Some(last) = console.run.blocking_lock().as_mut() {
            last.ended = Some(ended);
        }
    });
    Ok(())
}

pub(super) async fn progress(State(console): State<Arc<Console>>) -> Response {
    let make = async |_: &Stack| {
        let run = console.run.lock().await;
        Ok(match run.as_ref() {
            None => html! { h1 { "Replay" } p.empty { "None was started." } },
            Some(run) => run.page(),
        })
    };
    console.page("Replay", "/events", make).await
}

impl Run {
    fn page(&self) -> Markup {
        let goes_on = self.ended.is_none();
        html! {
            h1 { "Replay" }
            p { (self.events) " events, because: " (plain(&self.reason)) }
            section id="run" aria-live="polite"
                hx-get=[goes_on.then_some("/replay/run")] hx-trigger=[goes_on.then_some("every 1s")]
                hx-select=[goes_on.then_some("#run")] hx-swap=[goes_on.then_some("outerHTML")]
            {
                @match &self.ended {
                    None => p { "It goes on. " a href="/replay/run" { "Look again" } },
                    Some(Err(failure)) => p.problem { (plain(&failure.to_string())) },
                    Some(Ok(report)) => (ended(report)),
                }
            }
        }
    }
}

fn ended(report: &Report) -> Markup {
    html! {
        p {
            "It has ended."
            @for (outcome, count) in &report.counts { " " (count) " " (outcome.as_str()) "." }
        }
        @if report.stopped { p.problem { "It stopped by itself, because events failed again or did not end." } }
        ul {
            @for line in &report.events {
                li {
                    (line.outcome.as_str()) " "
                    a href=(link("/event", &[("id", &line.id)])) { (plain(&line.id)) }
                    @if let Some(detail) = &line.detail { ": " (plain(detail)) }
                }
            }
        }
    }
}
