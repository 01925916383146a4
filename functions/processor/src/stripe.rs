//! Stripe: a charge updates the table of payments, in the transaction that ends the event.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::bus;
use crate::resources::Resources;

#[derive(Deserialize)]
struct Body {
    /// Seconds since the Unix epoch.
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

/// Some `charge.*` events are about a dispute or a refund.
#[derive(Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
enum Object {
    Charge(Charge),
    #[serde(other)]
    Other,
}

/// What the table keeps of a charge (<https://docs.stripe.com/api/charges/object>).
#[derive(Deserialize)]
struct Charge {
    id: String,
    /// In the currency's smallest unit.
    amount: i64,
    currency: String,
}

/// Notes when each thing happened to a charge: `succeeded_at`, `refunded_at`, ... Stripe does not
/// send events in order, so none of these overwrites another; `events` counts them.
pub(crate) async fn on_charge(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let Some(Body {
        created,
        data: Data { object },
    }) = event.data()
    else {
        return Outcome::failed("not a charge event");
    };
    let Object::Charge(charge) = object else {
        return bus::forward(context, event).await;
    };
    let what = event
        .kind()
        .trim_start_matches("stripe.charge.")
        .replace('.', "_");
    let number = |value: i64| AttributeValue::N(value.to_string());
    let update = Update::builder()
        .table_name(&context.state.payments)
        .key("payment_id", AttributeValue::S(charge.id))
        .update_expression(
            "SET amount = :amount, currency = :currency, #at = :created, last_event = :event ADD events :one",
        )
        .expression_attribute_names("#at", format!("{what}_at"))
        .expression_attribute_values(":amount", number(charge.amount))
        .expression_attribute_values(":currency", AttributeValue::S(charge.currency))
        .expression_attribute_values(":created", number(created))
        .expression_attribute_values(":event", AttributeValue::S(event.key().to_string()))
        .expression_attribute_values(":one", number(1))
        .build()
        .expect("key, table and expression are set above");
    Outcome::Done(vec![TransactWriteItem::builder().update(update).build()])
}
