//! Invoices: a paid one is added to its customer, in the transaction that ends the event.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};
use webhooks::types::stripe::{self, Invoice};

use crate::resources::Resources;

pub(crate) async fn on_paid(
    context: Context<Resources>,
    event: Event<'static>,
    paid: stripe::Event<Invoice>,
) -> Outcome {
    let invoice = paid.data.object;
    let Some(customer) = invoice.customer else {
        return Outcome::failed("an invoice without a customer");
    };
    // An id is unique within its source alone.
    let customer = format!("{}/{customer}", event.key().source);
    let amount = AttributeValue::N(invoice.amount_paid.to_string());
    let update = Update::builder()
        .table_name(&context.state.customers)
        .key("customer", AttributeValue::S(customer))
        .update_expression("ADD paid :amount")
        .expression_attribute_values(":amount", amount)
        .build()
        .expect("table, key and expression are set above");
    Outcome::Done(TransactWriteItem::builder().update(update).build().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{context, event};

    async fn handle(invoice: &str) -> Outcome {
        let text = format!(
            r#"{{"id":"evt_1","type":"invoice.paid","created":1,"data":{{"object":{invoice}}}}}"#
        );
        let key = "stripe/live/evt_1";
        let event = event(key, "stripe.invoice.paid", &text);
        let paid = event.data().expect("an invoice");
        on_paid(context(key), event, paid).await
    }

    #[tokio::test]
    async fn a_paid_invoice_is_added_to_its_customer() {
        let outcome =
            handle(r#"{"customer":"cus_1","currency":"usd","amount_due":1900,"amount_paid":1900}"#);
        let Outcome::Done(writes) = outcome.await else {
            panic!("it is to be done");
        };
        let update = writes.items()[0].update.as_ref().expect("an update");
        let values = update.expression_attribute_values.as_ref().expect("values");
        assert_eq!(update.table_name, "customers_table");
        assert_eq!(
            update.key["customer"],
            AttributeValue::S("live/cus_1".to_owned())
        );
        assert_eq!(values[":amount"], AttributeValue::N("1900".to_owned()));
    }

    #[tokio::test]
    async fn an_invoice_without_a_customer_fails() {
        let outcome = handle(r#"{"currency":"usd","amount_due":0,"amount_paid":0}"#).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    }
}
