//! The transitions as data: each is one conditional write, built here and sent elsewhere.
//!
//! These functions are pure. What they return is all that DynamoDB hears of a transition, so a
//! test or a model that evaluates the expressions sees what the product does.

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, Update};

use super::attributes::{FIRST_ID, PK, entry, number, text};
use super::item::{PayloadTooLarge, new_item};
use super::overdue::Overdue;
use super::settlement::Settlement;
use super::shards::Unsettled;
use super::status::Status;
use crate::event::{Event, EventKey};
use crate::limits;
use crate::timestamp::Timestamp;

/// The transition from nothing to `received`. `largest` is the most that the item's payload may
/// take, compressed, in bytes.
///
/// # Errors
/// `PayloadTooLarge` when it would take more.
pub fn record(
    table: &str,
    event: &Event<'_>,
    token: &str,
    expires_at: Timestamp,
    largest: usize,
) -> Result<Put, PayloadTooLarge> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(new_item(event, token, expires_at, largest)?))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    Ok(put.build().expect("table and item are set above"))
}

/// A body to the first id under which it comes. The key is none that an event can have, since an
/// event's has a second slash after its source.
pub fn claim_body(table: &str, key: &EventKey, digest: [u8; 32], expires_at: Timestamp) -> Put {
    let pk = format!("{}/{}#{}", key.provider, key.source, hex::encode(digest));
    let put = Put::builder()
        .table_name(table)
        .item(PK, text(pk))
        .item(FIRST_ID, text(&key.id))
        .item("expires_at", number(expires_at.seconds()))
        .condition_expression("attribute_not_exists(pk) OR first_id = :id")
        .expression_attribute_values(":id", text(&key.id))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    put.build().expect("table and item are set above")
}

/// The transition from `failed` back to `received`.
pub fn reopen(
    table: &str,
    key: &EventKey,
    token: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Update {
    let expression = "SET #status = :received, #token = :token, attempts = :zero, \
                      overdue_at = :overdue, unsettled = :open, expires_at = :expires, \
                      history = list_append(history, :entry) \
                      ADD redeliveries :one REMOVE cause, lease_until";
    let update = update(table, key, expression)
        .condition_expression("#status = :failed")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":expires", number(expires_at.seconds()))
        .expression_attribute_values(":received", text(Status::Received.as_str()))
        .expression_attribute_values(":failed", text(Status::Failed.as_str()))
        .expression_attribute_values(":zero", number(0))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":overdue", number(now.after(limits::GRACE).millis()))
        .expression_attribute_values(":open", Unsettled::Open.of(&key.to_string()))
        .expression_attribute_values(":entry", entry(now, "received again"));
    built(update)
}

/// The same event, counted once more.
pub fn count_duplicate(table: &str, key: &EventKey, conflict: bool, now: Timestamp) -> Update {
    let expression = if conflict {
        "SET repeated_at = :now ADD duplicates :one, conflicts :one"
    } else {
        "SET repeated_at = :now ADD duplicates :one"
    };
    let update = update(table, key, expression)
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":now", number(now.millis()))
        .expression_attribute_values(":one", number(1));
    built(update)
}

/// The transition from `received`, or from `processing` with a lease that has run out, to `processing`.
pub fn claim(table: &str, key: &EventKey, token: &str, now: Timestamp) -> Update {
    let expression = "SET #status = :processing, #token = :token, lease_until = :lease, \
                      attempts = attempts + :one, history = list_append(history, :entry)";
    let update = update(table, key, expression)
        .condition_expression(
            "#status = :received OR (#status = :processing AND lease_until < :now)",
        )
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":processing", text(Status::Processing.as_str()))
        .expression_attribute_values(":received", text(Status::Received.as_str()))
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":lease", number(now.after(limits::LEASE).millis()))
        .expression_attribute_values(":now", number(now.millis()))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":entry", entry(now, "processing"));
    built(update)
}

/// The transition from `processing`, by the attempt of that token, to an end or back to `received`.
pub fn settle(
    table: &str,
    key: &EventKey,
    token: &str,
    settlement: &Settlement,
    now: Timestamp,
) -> Update {
    let (what, expression) = match settlement {
        Settlement::Done(_) => ("done".to_owned(), ENDED),
        Settlement::Ignored => ("ignored".to_owned(), ENDED),
        Settlement::Retry { cause, pause } => {
            let what = format!(
                "to be tried again in {} s: {}",
                pause.as_secs(),
                brief(cause)
            );
            (what, WAITING)
        }
        Settlement::Released { cause, pause } => {
            let what = format!("put back for {} s: {}", pause.as_secs(), brief(cause));
            (what, RELEASED)
        }
        Settlement::Failed { cause } => (format!("failed: {}", brief(cause)), FAILED),
    };
    let update = update(table, key, expression)
        .condition_expression("#status = :processing AND #token = :token")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":status", text(settlement.status().as_str()))
        .expression_attribute_values(":processing", text(Status::Processing.as_str()))
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":entry", entry(now, &what));
    built(match settlement {
        Settlement::Done(_) | Settlement::Ignored => update,
        Settlement::Retry { cause, pause } | Settlement::Released { cause, pause } => {
            let overdue_at = now.after(*pause).after(limits::GRACE);
            let update = update
                .expression_attribute_values(":cause", text(brief(cause)))
                .expression_attribute_values(":overdue", number(overdue_at.millis()));
            match settlement {
                Settlement::Released { .. } => {
                    update.expression_attribute_values(":one", number(1))
                }
                _ => update,
            }
        }
        Settlement::Failed { cause } => update
            .expression_attribute_values(":cause", text(brief(cause)))
            .expression_attribute_values(":overdue", number(now.millis()))
            .expression_attribute_values(":failed", Unsettled::Failed.of(&key.to_string())),
    })
}

/// The move of an overdue event to a later time.
pub fn postpone(table: &str, overdue: &Overdue, now: Timestamp) -> Update {
    let next = now.after(overdue.pause());
    let update = update(
        table,
        &overdue.key,
        "SET overdue_at = :next ADD resends :one",
    )
    .condition_expression("overdue_at = :seen AND begins_with(unsettled, :open)")
    .expression_attribute_values(":next", number(next.millis()))
    .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
    .expression_attribute_values(":open", text("open#"))
    .expression_attribute_values(":one", number(1));
    built(update)
}

/// A [`postpone`] taken back: overdue as before.
pub fn restore(table: &str, overdue: &Overdue, next: Timestamp) -> Update {
    let expression = "SET overdue_at = :seen, resends = resends - :one";
    let update = update(table, &overdue.key, expression)
        .condition_expression("overdue_at = :next AND begins_with(unsettled, :open)")
        .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
        .expression_attribute_values(":next", number(next.millis()))
        .expression_attribute_values(":open", text("open#"))
        .expression_attribute_values(":one", number(1));
    built(update)
}

/// The query before [`postpone`], which is no write: the events overdue at `now` in one of the
/// [`super::UNSETTLED_SHARDS`], at most `limit`.
pub fn overdue(table: &str, shard: u8, now: Timestamp, limit: i32) -> QueryInputBuilder {
    QueryInputBuilder::default()
        .table_name(table)
        .index_name("unsettled")
        .key_condition_expression("unsettled = :open AND overdue_at <= :now")
        .expression_attribute_values(":open", text(Unsettled::Open.partition(shard)))
        .expression_attribute_values(":now", number(now.millis()))
        .limit(limit)
}

const ENDED: &str = "SET #status = :status, history = list_append(history, :entry) \
                     REMOVE unsettled, overdue_at, lease_until, cause";
const WAITING: &str = "SET #status = :status, history = list_append(history, :entry), \
                       cause = :cause, overdue_at = :overdue REMOVE lease_until";
const RELEASED: &str = "SET #status = :status, history = list_append(history, :entry), \
                        cause = :cause, overdue_at = :overdue, attempts = attempts - :one \
                        REMOVE lease_until";
const FAILED: &str = "SET #status = :status, history = list_append(history, :entry), \
                      cause = :cause, overdue_at = :overdue, unsettled = :failed REMOVE lease_until";

/// The part of a cause that the item keeps. An item has its limit, and every attempt adds to the history.
fn brief(cause: &str) -> &str {
    let end = cause
        .char_indices()
        .nth(limits::CAUSE)
        .map_or(cause.len(), |(end, _)| end);
    &cause[..end]
}

fn update(table: &str, key: &EventKey, expression: &str) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .key(PK, text(key.to_string()))
        .update_expression(expression)
}

fn built(update: UpdateBuilder) -> Update {
    update
        .build()
        .expect("key, table and expression are set by `update`")
}
