//! Issues: failures grouped by type and cause.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use webhooks::timestamp::Timestamp;

use super::events::LATE;
use super::failed::of;
use super::layout::{plain, same_command};
use super::query::link;
use super::server::Console;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::issues::{self, Issue};
use crate::moment::Moment;
use crate::stack::Stack;

/// The failures that are grouped.
const FAILED: &str = "status:failed since:7d";

pub(super) async fn show(State(console): State<Arc<Console>>) -> Response {
    let make = async |stack: &Stack| page(&console, stack).await;
    console.page("Issues", "/issues", make).await
}

async fn page(console: &Console, stack: &Stack) -> Result<Markup, Failure> {
    let (issues, is_cut) = read(stack, &of(FAILED)?, Timestamp::now()).await?;
    Ok(html! {
        h1 { "Issues" }
        p.note { "Failures of the last 7 days by type and cause." }
        @if is_cut {
            p.note { "Only the " (LATE) " that failed last are counted here. The command counts all." }
        }
        @if issues.is_empty() { p.empty { "No issues." } } @else { (table(&issues)) }
        p.note {
            "To hide one: " code { (plain(&console.command("issues close KEY"))) } " until it happens again, "
            code { (plain(&console.command("issues mute KEY"))) } " for good."
        }
        (same_command(&console.command("issues --all")))
    })
}

/// The issues of those that failed last, read once.
async fn read(
    stack: &Stack,
    filter: &Filter,
    now: Timestamp,
) -> Result<(Vec<Issue>, bool), Failure> {
    let failure = |error| Failure::new("the ledger", error);
    let ledger = stack.ledger()?;
    let (since, _) = filter.range(now);
    // By another clock.
    let since = Moment::Ago(webhooks::limits::SKEW).resolve(since);
    let mut failed = ledger.failed_since(since).await.map_err(failure)?;
    failed.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let is_cut = failed.len() > LATE;
    failed.truncate(LATE);
    let keys: Vec<_> = failed.iter().map(|(key, _)| key.clone()).collect();
    let mut found = ledger.summaries(&keys).await.map_err(failure)?;
    found.retain(|event| filter.takes(event, now));
    Ok((issues::group(stack, found, failed).await?, is_cut))
}

fn table(issues: &[Issue]) -> Markup {
    html! {
        div.scroll {
            table.rows {
                thead {
                    tr {
                        @for name in ["Key", "Count", "First", "Last", "State", "Type", "Cause", "Fix"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody { @for issue in issues { (row(issue)) } }
            }
        }
    }
}

fn row(issue: &Issue) -> Markup {
    let filter = format!("issue:{} since:7d", issue.key);
    let replay = link("/replay", &[("q", &filter)]);
    html! {
        tr {
            td { a data-row="" data-replay=(replay) href=(link("/events", &[("q", &filter)])) { (issue.key) } }
            td.number title="events" { (issue.count) }
            td.time { (issue.first_failed_at) }
            td.time { (issue.last_failed_at) }
            td { (issue.state) }
            td { (plain(&issue.kind)) }
            td { (plain(&issue.cause)) }
            td { a href=(replay) aria-label={ "Preview a replay of issue " (issue.key) } { "Preview a replay" } }
        }
    }
}
