//! The frame of every page.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use webhooks::ledger::Status;

use crate::terminal::on_one_line;

/// The pages in the navigation.
const PAGES: [(&str, &str); 6] = [
    ("/", "Now"),
    ("/events", "Events"),
    ("/activity", "Activity"),
    ("/issues", "Issues"),
    ("/dead-letters", "Dead letters"),
    ("/sources", "Sources"),
];

/// The keys, and what each does.
const KEYS: [(&str, &str); 6] = [
    ("/", "go to the filter"),
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open the row"),
    ("r", "preview a replay of the row or the event"),
    ("?", "show the keys"),
];

/// htmx with nothing that the content security policy forbids.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// The frame's part of a page.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// The path in the navigation.
    pub(super) here: &'a str,
    pub(super) status: StatusCode,
    pub(super) allow_replay: bool,
    /// The requests that it took.
    pub(super) cost: String,
}

/// Text from outside as a page shows it: a control character or a change of direction is written out.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    on_one_line(text)
}

/// A status with its colour.
pub(super) fn status(status: &str) -> Markup {
    let known = Status::parse(status).map_or("other", Status::as_str);
    html! { span class={ "status " (known) } { (plain(status)) } }
}

/// The command that does the same as a page.
pub(super) fn same_command(command: &str) -> Markup {
    html! { p.command { span { "The same as a command: " } code { (plain(command)) } } }
}

/// The page as an answer.
pub(super) fn render(page: &Page<'_>, body: &Markup) -> Response {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (page.title) " - webhooks" }
                link rel="stylesheet" href="/assets/console.css";
                link rel="icon" href="/assets/icon.svg";
                script src="/assets/htmx.js" defer {}
                script src="/assets/console.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    nav aria-label="Pages" {
                        @for (path, name) in PAGES {
                            a href=(path) aria-current=[(path == page.here).then_some("page")] { (name) }
                        }
                    }
                }
                main id="main" tabindex="-1" { (body) }
                footer {
                    p {
                        "This page took " (page.cost) ". "
                        @if page.allow_replay { "Replays are allowed." } @else { "Read-only." }
                    }
                    (keys())
                }
            }
        }
    };
    let media_type = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (page.status, media_type, html.into_string()).into_response()
}

fn keys() -> Markup {
    html! {
        details id="keys" {
            summary { "Keys" }
            dl {
                @for (key, does) in KEYS {
                    div { dt { kbd { (key) } } dd { (does) } }
                }
            }
        }
    }
}
