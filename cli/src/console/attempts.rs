//! The attempts at an event, side by side.

use maud::{Markup, html};
use webhooks::ledger::Entry;

use super::layout::plain;
use crate::events::diff::{attempts, told};

/// Each attempt, and what differs between one and the next.
pub(super) fn side_by_side(timeline: &[Entry]) -> Markup {
    let attempts = attempts(timeline);
    if attempts.is_empty() {
        return html! { p.note { "None yet." } };
    }
    html! {
        div.attempts {
            @for attempt in &attempts {
                section aria-label={ "Attempt " (attempt.number) } {
                    h3 { "Attempt " (attempt.number) }
                    div { (attempt.outcome) }
                    div.note {
                        (attempt.began_at.as_deref().unwrap_or_default())
                        @if let Some(took) = attempt.duration_ms { ", " (took) " ms" }
                    }
                    @if let Some(detail) = &attempt.detail { div { (plain(detail)) } }
                }
            }
        }
        @if attempts.len() > 1 {
            details {
                summary { "What differs" }
                ul { @for line in told(&attempts) { li { (plain(line.trim())) } } }
            }
        }
    }
}
