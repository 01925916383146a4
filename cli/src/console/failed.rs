//! The failures that one page can read.

use webhooks::timestamp::Timestamp;

use super::events::LATE;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::search::{Limits, Page, page};
use crate::stack::Stack;

/// Those of the events of a filter that failed last.
///
/// # Errors
/// [`Failure`] when AWS does not answer.
pub(super) async fn failed(
    stack: &Stack,
    filter: &Filter,
    now: Timestamp,
) -> Result<Page, Failure> {
    let limits = Limits {
        events: LATE,
        lines: LATE,
        payloads: 0,
    };
    page(stack, filter, None, limits, now).await
}

/// The filter of a text of ours.
///
/// # Errors
/// [`Failure`] that names the wrong word.
pub(super) fn of(text: &str) -> Result<Filter, Failure> {
    let filter = text.parse();
    filter.map_err(|error: crate::filter::FilterError| Failure::usage(error.to_string()))
}
