//! Now: what needs attention, each with its fix.

use std::sync::Arc;

use aws_sdk_sqs::types::QueueAttributeName;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use webhooks::timestamp::Timestamp;

use super::events::LATE;
use super::failed::{failed, of};
use super::layout::same_command;
use super::plot::Bars;
use super::query::link;
use super::server::Console;
use crate::failure::Failure;
use crate::search::Page;
use crate::stack::Stack;

/// The failures that are shown.
const FAILED: &str = "status:failed since:24h";

/// What is in a queue.
struct Depth {
    waiting: u64,
    in_flight: u64,
    delayed: u64,
}

pub(super) async fn show(State(console): State<Arc<Console>>) -> Response {
    let make = async |stack: &Stack| page(&console, stack).await;
    console.page("Now", "/", make).await
}

async fn page(console: &Console, stack: &Stack) -> Result<Markup, Failure> {
    let now = Timestamp::now();
    let filter = of(FAILED)?;
    let page = failed(stack, &filter, now).await?;
    let queue = depth(stack, "QueueUrl").await?;
    let dead = depth(stack, "DeadLetterQueueUrl").await?;
    let (since, until) = filter.range(now);
    let mut bars = Bars::new(&filter, since, until);
    for event in &page.events {
        bars.count(event.received_at, event.status);
    }
    Ok(html! {
        h1 { "Now" }
        (attention(&page, &queue, &dead))
        h2 { "Queue" }
        p {
            (queue.waiting) " messages wait, " (queue.in_flight) " are being processed, " (queue.delayed)
            " are delayed. "
            a href=(link("/events", &[("q", "status:waiting since:30d")])) { "Events that wait for a later attempt" }
        }
        @if !page.events.is_empty() { (bars.draw("Failed events of the last day, by time of receipt")) }
        p { a href="/activity" { "All outcomes over time" } }
        (same_command(&console.command("issues since:24h")))
    })
}

fn attention(page: &Page, queue: &Depth, dead: &Depth) -> Markup {
    let more = if page.is_cut { "more than " } else { "" };
    let count = if page.is_cut { LATE } else { page.events.len() };
    let lost = dead.waiting + dead.in_flight;
    html! {
        ul.attention {
            @if count > 0 {
                li.bad {
                    (more) (count) " events of the last day have failed. "
                    a href="/issues" { "See why, by issue" } ", then "
                    a href=(link("/replay", &[("q", FAILED)])) { "preview a replay" } "."
                }
            }
            @if lost > 0 {
                li.bad { (lost) " dead letters. " a href="/dead-letters" { "Look at them" } "." }
            }
            @if queue.waiting > 0 && queue.in_flight == 0 {
                li {
                    (queue.waiting) " messages wait and none is being processed. "
                    "If this lasts, the processor is paused or does not start: "
                    code { "webhooks events status:received" } " shows what waits."
                }
            }
        }
        @if count == 0 && lost == 0 { p.empty { "No failed events in the last day, and no dead letters." } }
    }
}

/// What is in one of the stack's queues.
///
/// # Errors
/// [`Failure`] when SQS does not answer.
async fn depth(stack: &Stack, output: &str) -> Result<Depth, Failure> {
    use QueueAttributeName as Name;
    let names = [
        Name::ApproximateNumberOfMessages,
        Name::ApproximateNumberOfMessagesNotVisible,
        Name::ApproximateNumberOfMessagesDelayed,
    ];
    let request = aws_sdk_sqs::Client::new(&stack.config)
        .get_queue_attributes()
        .queue_url(stack.output(output)?)
        .set_attribute_names(Some(names.to_vec()));
    let answer = request
        .send()
        .await
        .map_err(|error| Failure::new("the queue", error))?;
    let counts = answer.attributes.unwrap_or_default();
    let [waiting, in_flight, delayed] = names.map(|name| {
        let count = counts.get(&name).and_then(|count| count.parse().ok());
        count.unwrap_or_default()
    });
    Ok(Depth {
        waiting,
        in_flight,
        delayed,
    })
}

/// The messages in the dead-letter queue.
///
/// # Errors
/// [`Failure`] when SQS does not answer.
pub(super) async fn dead_letters(stack: &Stack) -> Result<u64, Failure> {
    let dead = depth(stack, "DeadLetterQueueUrl").await?;
    Ok(dead.waiting + dead.in_flight)
}
