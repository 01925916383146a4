//! Sources: each registered one, and of one at a time its last delivery and the secrets that sign.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};
use webhooks::ledger::{Listing, Range};
use webhooks::timestamp::Timestamp;

use super::failed::of;
use super::layout::{plain, same_command};
use super::query::{Query, link};
use super::server::Console;
use crate::failure::Failure;
use crate::stack::Stack;

/// Events whose signers are counted.
const SIGNERS: usize = 400;

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref());
    let make = async |stack: &Stack| page(&console, stack, &query).await;
    console.page("Sources", "/sources", make).await
}

async fn page(console: &Console, stack: &Stack, query: &Query) -> Result<Markup, Failure> {
    let mut sources = stack.sources().await?;
    sources.sort();
    let chosen = sources
        .iter()
        .find(|(provider, source)| format!("{provider}/{source}") == query.get("source"));
    let one = match chosen {
        Some((provider, source)) => one(stack, provider, source).await?,
        None => html! {},
    };
    Ok(html! {
        h1 { "Sources" }
        @if sources.is_empty() { p.empty { "No source has a secret yet." } }
        ul {
            @for (provider, source) in &sources {
                @let name = format!("{provider}/{source}");
                li {
                    a data-row="" href=(link("/sources", &[("source", &name)])) { (plain(&name)) }
                    " " a href=(link("/events", &[("q", &format!("provider:{provider} source:{source}"))]))
                        aria-label={ "Events of " (plain(&name)) } { "events" }
                }
            }
        }
        (one)
        (same_command(&console.command("connect --check")))
    })
}

/// What the ledger says of one source.
async fn one(stack: &Stack, provider: &str, source: &str) -> Result<Markup, Failure> {
    let failure = |error| Failure::new("the ledger", error);
    let (ledger, now) = (stack.ledger()?, Timestamp::now());
    let range = Range {
        provider,
        source,
        since: Timestamp::from_millis(0),
        until: now,
        after: None,
    };
    let last = ledger.listed(&range, 1).await.map_err(failure)?;
    let (since, until) = of("since:24h")?.range(now);
    let listing = Listing {
        provider: provider.to_owned(),
        source: source.to_owned(),
        kind: None,
        status: None,
        since,
        until,
        limit: SIGNERS,
    };
    let signers = ledger.signers(&listing).await.map_err(failure)?;
    let mut lines: BTreeMap<String, (usize, Timestamp)> = BTreeMap::new();
    for signer in &signers {
        let name = match signer.by {
            Some(by) => format!("line {} of version {}", by.line, by.version),
            None => "not recorded".to_owned(),
        };
        let line = lines.entry(name).or_insert((0, signer.received_at));
        *line = (line.0 + 1, line.1.max(signer.received_at));
    }
    Ok(html! {
        h2 { (plain(provider)) "/" (plain(source)) }
        dl.facts {
            dt { "Last event" }
            @match last.first() {
                Some(last) => {
                    @let id = last.position.key.to_string();
                    dd {
                        (last.position.received_at) " "
                        a href=(link("/event", &[("id", &id)])) { (plain(&id)) }
                    }
                }
                None => dd { "none" },
            }
            dt { "Secrets that signed in the last day" }
            dd {
                @if lines.is_empty() { "none" }
                ul {
                    @for (name, (count, last)) in &lines { li { (name) ": " (count) " events, the last at " (last) } }
                }
                @if signers.len() == SIGNERS { p.note { "Of " (SIGNERS) " events; there are more." } }
            }
        }
        p {
            "To change the secret: "
            code { "webhooks rotate " (plain(provider)) @if source != "default" { " --source " (plain(source)) } }
        }
    })
}
