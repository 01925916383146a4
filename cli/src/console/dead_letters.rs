//! Dead letters: how many there are, and, on request, what they are. A look receives messages, which others do not
//! see meanwhile; so it is no GET.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::layout::{plain, same_command};
use super::now;
use super::query::{Query, link};
use super::server::Console;
use super::session::FORM_KEY;
use crate::dead_letters::letter::Letter;
use crate::dead_letters::visit::Visit;
use crate::failure::Failure;
use crate::stack::Stack;

/// Messages that one look receives.
const LETTERS: usize = 50;

pub(super) async fn show(State(console): State<Arc<Console>>) -> Response {
    let make = async |stack: &Stack| page(&console, stack).await;
    console.page("Dead letters", "/dead-letters", make).await
}

pub(super) async fn look(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    if !console.session.made(&Query::of_form(&body)) {
        return (
            StatusCode::FORBIDDEN,
            "no page of ours has made this form\n",
        )
            .into_response();
    }
    let make = async |stack: &Stack| {
        let mut visit = Visit::begin(stack, LETTERS).await?;
        let explained = visit.explain(stack).await;
        // Whatever happened before.
        visit.give_back().await;
        explained?;
        Ok(letters(&console, visit.letters(), visit.is_complete()))
    };
    console.page("Dead letters", "/dead-letters", make).await
}

async fn page(console: &Console, stack: &Stack) -> Result<Markup, Failure> {
    let count = now::dead_letters(stack).await?;
    Ok(html! {
        h1 { "Dead letters" }
        p { "Messages that could not be recorded: not ours, or of an event that the ledger does not have." }
        @if count == 0 {
            p.empty { "The dead-letter queue is empty." }
        } @else {
            p { "About " (count) " messages are in the dead-letter queue." }
            form action="/dead-letters/look" method="post" {
                input type="hidden" name=(FORM_KEY) value=(console.session.form_key());
                button type="submit" { "Look at up to " (LETTERS) }
                p.note { "A look counts as a receive. Meanwhile, for a minute at most, nobody else sees these messages." }
            }
        }
        (same_command(&console.command("dead-letters")))
    })
}

fn letters(console: &Console, letters: &[Letter], is_complete: bool) -> Markup {
    html! {
        h1 { "Dead letters" }
        @if letters.is_empty() { p.empty { "No message came." } }
        @if !letters.is_empty() {
            div.scroll {
                table.rows {
                    thead {
                        tr {
                            @for name in ["Message", "Sent", "Receives", "Event", "Type", "Why"] {
                                th scope="col" { (name) }
                            }
                        }
                    }
                    tbody { @for letter in letters { (row(letter)) } }
                }
            }
        }
        @if !is_complete { p.note { "There may be more." } }
        p.note {
            "To move some back: " code { (plain(&console.command("dead-letters redrive MESSAGE"))) }
            ". To delete some: " code { (plain(&console.command("dead-letters drop MESSAGE"))) } "."
        }
        (same_command(&console.command(&format!("dead-letters --limit {LETTERS}"))))
    }
}

fn row(letter: &Letter) -> Markup {
    html! {
        tr {
            td { (plain(&letter.message)) }
            td.time { (letter.sent_at.as_deref().unwrap_or_default()) }
            td.number { (letter.receives) }
            td {
                @if let Some(id) = &letter.event {
                    a data-row="" href=(link("/event", &[("id", id)])) { (plain(id)) }
                }
            }
            td { (plain(letter.kind.as_deref().unwrap_or_default())) }
            td { (plain(&letter.detail)) }
        }
    }
}
