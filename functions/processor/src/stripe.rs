//! Stripe: a charge updates the table of payments, in the transaction that ends the event.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;
use webhooks::event::{Event, EventKey};
use webhooks::router::{Context, Outcome};

use crate::bus;
use crate::resources::Resources;

#[derive(Deserialize)]
struct Body {
    /// The connected account that a Connect event belongs to, in either of Stripe's two fields.
    account: Option<String>,
    context: Option<String>,
    /// Seconds since the Unix epoch.
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Charge,
}

/// The fields of a charge that the table keeps (<https://docs.stripe.com/api/charges/object>).
#[derive(Deserialize)]
struct Charge {
    id: String,
    /// In the currency's smallest unit.
    amount: i64,
    currency: String,
}

/// Notes when each thing happened to a charge: `succeeded_at`, `refunded_at`, ... Stripe does not
/// send events in order, so none of these overwrites another; `events` counts them. Events about
/// something else, a dispute or a refund, go on to the bus; so do all where there is no table.
pub(crate) async fn on_charge(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let (Some(noted_at), Some(samples)) = (noted_at(event.kind()), &context.state.samples) else {
        return bus::forward(context, event).await;
    };
    match payment(&samples.payments, noted_at, &event) {
        Some(update) => Outcome::Done(TransactWriteItem::builder().update(update).build().into()),
        None => Outcome::failed("not a charge event"),
    }
}

/// The attribute for the time of an event whose object is a charge. The list is closed
/// (<https://docs.stripe.com/api/events/types>), so that no attribute's name comes from a payload.
fn noted_at(kind: &str) -> Option<&'static str> {
    match kind {
        "stripe.charge.captured" => Some("captured_at"),
        "stripe.charge.expired" => Some("expired_at"),
        "stripe.charge.failed" => Some("failed_at"),
        "stripe.charge.pending" => Some("pending_at"),
        "stripe.charge.refunded" => Some("refunded_at"),
        "stripe.charge.succeeded" => Some("succeeded_at"),
        "stripe.charge.updated" => Some("updated_at"),
        _ => None,
    }
}

/// The write to a charge's row; `None` where the event has no charge.
fn payment(table: &str, noted_at: &str, event: &Event<'_>) -> Option<Update> {
    let body: Body = event.data()?;
    let charge = body.data.object;
    let payment_id = payment_id(event.key(), body.account.or(body.context), &charge.id)?;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let update = Update::builder()
        .table_name(table)
        .key("payment_id", AttributeValue::S(payment_id))
        .update_expression(
            "SET amount = :amount, currency = :currency, #at = :created, last_event = :event ADD events :one",
        )
        .expression_attribute_names("#at", noted_at)
        .expression_attribute_values(":amount", number(charge.amount))
        .expression_attribute_values(":currency", AttributeValue::S(charge.currency))
        .expression_attribute_values(":created", number(body.created))
        .expression_attribute_values(":event", AttributeValue::S(event.key().to_string()))
        .expression_attribute_values(":one", number(1))
        .build()
        .expect("key, table and expression are set above");
    Some(update)
}

/// The row of a charge, named as events are: `stripe/default/ch_1`, for Connect
/// `stripe/connect/acct_1:ch_1`. An id alone is no name: who has another source's secret, or
/// another account, could write any. `None` for what is no id of Stripe's.
fn payment_id(key: &EventKey, account: Option<String>, charge: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !(1..=255).contains(&charge.len()) || !charge.bytes().all(allowed) {
        return None;
    }
    let account = account.map(|account| format!("{account}:"));
    let EventKey {
        provider, source, ..
    } = key;
    let account = account.unwrap_or_default();
    Some(format!("{provider}/{source}/{account}{charge}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{context, event, odd_members};

    fn body(account: &str, charge: &str) -> String {
        format!(
            r#"{{"id":"evt_1",{account}"created":1,"data":{{"object":{{"id":"{charge}","amount":5,"currency":"usd"}}}}}}"#
        )
    }

    fn row(key: &str, text: &str) -> Option<String> {
        let event = event(key, "stripe.charge.succeeded", text);
        let update = payment("payments", "succeeded_at", &event)?;
        update.key["payment_id"].as_s().ok().cloned()
    }

    #[tokio::test]
    async fn a_charge_is_noted_in_the_transaction_that_ends_the_event() {
        let key = "stripe/live/evt_1";
        let charge = event(key, "stripe.charge.refunded", &body("", "ch_1"));
        let outcome = on_charge(context(key), charge).await;
        let Outcome::Done(writes) = outcome else {
            panic!("{outcome:?}");
        };
        let update = writes.items()[0].update.as_ref().expect("an update");
        assert_eq!(update.table_name, "payments_table");
        let names = update.expression_attribute_names.as_ref().expect("names");
        assert_eq!(names["#at"], "refunded_at");
    }

    #[tokio::test]
    async fn what_is_no_charge_fails_at_once() {
        let key = "stripe/live/evt_1";
        let outcome = on_charge(context(key), event(key, "stripe.charge.failed", "{}")).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    }

    #[test]
    fn one_charge_id_of_two_sources_or_accounts_is_several_rows() {
        let charge = body("", "ch_1");
        let account = |name| body(&format!(r#""account":"{name}","#), "ch_1");
        let context = body(r#""account":null,"context":"acct_3","#, "ch_1");
        for (key, text, expected) in [
            ("stripe/default/evt_1", &charge, "stripe/default/ch_1"),
            ("stripe/other/evt_1", &charge, "stripe/other/ch_1"),
            (
                "stripe/connect/acct_1:evt_1",
                &account("acct_1"),
                "stripe/connect/acct_1:ch_1",
            ),
            (
                "stripe/connect/acct_2:evt_1",
                &account("acct_2"),
                "stripe/connect/acct_2:ch_1",
            ),
            (
                "stripe/connect/acct_3:evt_1",
                &context,
                "stripe/connect/acct_3:ch_1",
            ),
        ] {
            assert_eq!(row(key, text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_charge_is_read_past_what_nobody_needs() {
        let odd = format!("{},", odd_members());
        let text = body(&odd, "ch_1").replace(r#""object":{"#, &format!(r#""object":{{{odd}"#));
        assert_eq!(text.matches("1e999").count(), 2);
        let row = row("stripe/default/evt_1", &text);
        assert_eq!(row.as_deref(), Some("stripe/default/ch_1"));
    }

    #[test]
    fn a_charge_with_a_field_twice_or_past_any_number_is_none() {
        let good = body("", "ch_1");
        for (from, to) in [
            (r#""amount":5"#, r#""amount":5,"amount":6"#),
            (r#""amount":5"#, r#""amount":9223372036854775808"#),
            (r#""amount":5"#, r#""amount":1e999"#),
            (r#""id":"ch_1""#, r#""id":"ch_1","id":"ch_2""#),
            (r#""id":"ch_1""#, r#""id":"ch_\ud83d""#),
        ] {
            let text = good.replace(from, to);
            assert_ne!(text, good);
            assert_eq!(row("stripe/default/evt_1", &text), None, "{text}");
        }
    }

    #[test]
    fn no_charge_id_reaches_into_another_account() {
        for charge in ["", "acct_2:ch_1", "a/b", "ch 1", "ch_\\u0000"] {
            let text = body(r#""account":"acct_1","#, charge);
            assert_eq!(row("stripe/connect/acct_1:evt_1", &text), None, "{charge}");
        }
    }

    #[test]
    fn only_a_charge_event_names_an_attribute() {
        assert_eq!(noted_at("stripe.charge.succeeded"), Some("succeeded_at"));
        for kind in [
            "stripe.charge.dispute.created",
            "stripe.charge.refund.updated",
            "stripe.charge.payment_id",
            "stripe.charge.last_event",
            "github.charge.succeeded",
        ] {
            assert_eq!(noted_at(kind), None, "{kind}");
        }
    }
}
