//! Handlers of the simulation: everything that a handler can do, by the event's number.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use webhooks::event::Event;
use webhooks::router::{Context, Outcome, Router};

use super::fleet::Deaths;
use super::network::Network;

/// The table of effects that commit with the event.
pub(super) const PAYMENTS: &str = "payments";

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) network: Network,
    pub(super) deaths: Deaths,
}

/// Events whose handler ends its process whenever it runs: one in so many.
pub(super) const DEADLY: u64 = 97;

/// Events that are given up: one in so many.
pub(super) const FAILING: u64 = 23;

/// The number of an event, which its id ends in.
pub(super) fn number(id: &str) -> u64 {
    let digits = id.rsplit(['_', '-']).next().unwrap_or_default();
    digits.parse().expect("every id ends in a number")
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .on("stripe.*", |context, event| async move {
            charge(&context, &event)
        })
        .otherwise(push)
}

/// A row for each event, which counts how often it was written.
fn charge(context: &Context<Shared>, event: &Event<'_>) -> Outcome {
    let number = number(&event.key().id);
    if number.is_multiple_of(FAILING) {
        return Outcome::failed("no such customer");
    }
    if number.is_multiple_of(5) && context.attempt == 1 {
        return Outcome::retry("busy");
    }
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let update = Update::builder()
        .table_name(PAYMENTS)
        .key("payment_id", text(&context.idempotency_key))
        .update_expression("ADD events :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    let update = update.build().expect("table, key and expression are set");
    Outcome::Done(TransactWriteItem::builder().update(update).build().into())
}

/// An effect outside the transaction.
async fn push(context: Context<Shared>, event: Event<'static>) -> Outcome {
    let number = number(&event.key().id);
    let shared = &context.state;
    if number.is_multiple_of(DEADLY) {
        shared.deaths.die(&context.idempotency_key);
        std::future::pending::<()>().await;
    }
    match number % 13 {
        1 => panic!("a handler's fault"),
        2 if context.attempt < 3 => {
            return Outcome::Retry {
                reason: "not before its time".to_owned(),
                pause: Some(Duration::from_secs(number % 2000)),
            };
        }
        3 => return Outcome::Ignored,
        _ => {}
    }
    let takes = shared.network.cloud().random.u64(1..2000);
    tokio::time::sleep(Duration::from_millis(takes)).await;
    let mut cloud = shared.network.cloud();
    *cloud
        .effects
        .entry(context.idempotency_key.clone())
        .or_default() += 1;
    Outcome::done()
}
