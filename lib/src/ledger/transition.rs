//! The transitions as data: each is one conditional write, built here and sent elsewhere.
//!
//! These functions are pure. What they return is all that DynamoDB hears of a transition, so a
//! test or a model that evaluates the expressions sees what the product does.

use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, Update};

use super::attributes::{FIRST_ID, PK, number, text};
use super::history::{self, entry};
use super::keys::{receipt_key, state_key};
use super::lease::Held;
use super::overdue::Overdue;
use super::receipt::{PayloadTooLarge, new_receipt};
use super::replay::Replay;
use super::settlement::Settlement;
use super::shards::Half;
use super::status::Status;
use super::turn::Turn;
use crate::event::{Event, EventKey};
use crate::limits;
use crate::timestamp::Timestamp;

/// The receipt of an event that has none. `largest` is the most that its payload may take, compressed,
/// in bytes.
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
        .set_item(Some(new_receipt(event, token, expires_at, largest)?))
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

/// A receipt that is to be kept for longer.
pub fn extend(table: &str, key: &EventKey, expires_at: Timestamp) -> Update {
    let update = update(table, receipt_key(key), "SET expires_at = :expires")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":expires", number(expires_at.seconds()));
    built(update)
}

/// The transition from `failed` to `waiting`: due now, with a life of its own. `conflict` says that the
/// delivery brought another body.
pub fn reopen(table: &str, key: &EventKey, token: &str, conflict: bool, now: Timestamp) -> Update {
    let (expression, what) = if conflict {
        (AGAIN_CHANGED, "received again, with another body")
    } else {
        (AGAIN, "received again")
    };
    start_again(table, key, token, expression, what, now)
}

/// The same by an operator, whose name and reason the history keeps.
pub fn replay(table: &str, key: &EventKey, token: &str, by: &Replay, now: Timestamp) -> Update {
    start_again(table, key, token, AGAIN, &by.entry(), now)
}

fn start_again(
    table: &str,
    key: &EventKey,
    token: &str,
    expression: &str,
    what: &str,
    now: Timestamp,
) -> Update {
    let update = state_update(table, key, expression)
        .condition_expression("#status = :failed")
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":waiting", text(Status::Waiting.as_str()))
        .expression_attribute_values(":failed", text(Status::Failed.as_str()))
        .expression_attribute_values(":zero", number(0))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":now", number(now.millis()))
        .expression_attribute_values(":overdue", number(now.after(limits::GRACE).millis()))
        .expression_attribute_values(":open", Half::Open.of(key))
        .expression_attribute_values(":entry", history::list([entry(now, what)]));
    built(update)
}

/// The same event, counted once more.
pub fn count_duplicate(table: &str, key: &EventKey, conflict: bool, now: Timestamp) -> Update {
    let expression = if conflict {
        "SET repeated_at = :now ADD duplicates :one, conflicts :one"
    } else {
        "SET repeated_at = :now ADD duplicates :one"
    };
    let update = update(table, state_key(key), expression)
        .expression_attribute_values(":now", number(now.millis()))
        .expression_attribute_values(":one", number(1));
    built(update)
}

/// The transition to `processing`: of an event that nobody has taken yet, of one that waits and is
/// due, and, by whoever is alone, of one whose last attempt's lease has run out.
pub fn claim(table: &str, key: &EventKey, token: &str, turn: Turn, now: Timestamp) -> Update {
    let (expression, condition) = match turn {
        Turn::Together => (
            TOGETHER,
            "attribute_not_exists(#status) OR (#status = :waiting AND due_at <= :now)",
        ),
        Turn::Alone => (
            ALONE,
            "attribute_not_exists(#status) OR (due_at <= :now AND \
             (#status = :waiting OR (#status = :processing AND attribute_not_exists(alone))))",
        ),
        Turn::Last => (
            ALONE,
            "attribute_not_exists(#status) OR (due_at <= :now AND \
             (#status = :waiting OR #status = :processing))",
        ),
    };
    let update = state_update(table, key, expression)
        .condition_expression(condition)
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":processing", text(Status::Processing.as_str()))
        .expression_attribute_values(":waiting", text(Status::Waiting.as_str()))
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":lease", number(now.after(limits::LEASE).millis()))
        .expression_attribute_values(":now", number(now.millis()))
        .expression_attribute_values(":zero", number(0))
        .expression_attribute_values(":none", history::list([]))
        .expression_attribute_values(":entry", history::list([entry(now, "processing")]));
    built(match turn {
        Turn::Together => update,
        Turn::Alone | Turn::Last => update.expression_attribute_values(":one", number(1)),
    })
}

/// The transition from `processing`, by the attempt of that token, to an end or to `waiting`. What
/// ends expires at `expires_at`.
pub fn settle(
    table: &str,
    key: &EventKey,
    token: &str,
    held: &Held,
    settlement: &Settlement,
    expires_at: Timestamp,
    now: Timestamp,
) -> Update {
    let (what, expression) = match settlement {
        Settlement::Done(_) => ("done".to_owned(), ENDED),
        Settlement::Ignored => ("ignored".to_owned(), ENDED),
        Settlement::Failed { cause } => (format!("failed: {}", brief(cause)), FAILED),
        Settlement::Retry { cause, pause } => {
            (told("to be tried again in", *pause, cause), WAITING)
        }
        Settlement::Released { cause, pause } => (told("put back for", *pause, cause), RELEASED),
    };
    let attempts = match settlement {
        Settlement::Released { .. } => held.number().saturating_sub(1),
        _ => held.number(),
    };
    let history = history::with(held.history.clone(), entry(now, &what));
    let update = state_update(table, key, expression)
        .condition_expression("#status = :processing AND #token = :token")
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":status", text(settlement.status().as_str()))
        .expression_attribute_values(":processing", text(Status::Processing.as_str()))
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":attempts", number(attempts))
        .expression_attribute_values(":history", history::list(history));
    let expires = || number(expires_at.seconds());
    built(match settlement {
        Settlement::Done(_) | Settlement::Ignored => {
            update.expression_attribute_values(":expires", expires())
        }
        Settlement::Failed { cause } => update
            .expression_attribute_values(":expires", expires())
            .expression_attribute_values(":cause", text(brief(cause)))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":failed", Half::Failed.of(key)),
        Settlement::Retry { cause, pause } => put_off(update, key, cause, now, *pause),
        Settlement::Released { cause, pause } => put_off(update, key, cause, now, *pause)
            .expression_attribute_values(":put_back", number(held.put_back + 1)),
    })
}

/// A message brings the event when its pause is over, if the queue can hold one back for so long; for
/// a longer pause it is the relay that sends one.
fn put_off(
    update: UpdateBuilder,
    key: &EventKey,
    cause: &str,
    now: Timestamp,
    pause: Duration,
) -> UpdateBuilder {
    let due_at = now.after(pause);
    let overdue_at = if pause <= limits::LONGEST_DELAY {
        due_at.after(limits::GRACE)
    } else {
        due_at
    };
    update
        .expression_attribute_values(":cause", text(brief(cause)))
        .expression_attribute_values(":due", number(due_at.millis()))
        .expression_attribute_values(":overdue", number(overdue_at.millis()))
        .expression_attribute_values(":open", Half::Open.of(key))
}

/// The transition from a receipt alone to `waiting`, due now: the event was recorded at `recorded_at`,
/// and nobody has taken it.
pub fn miss(table: &str, key: &EventKey, recorded_at: Timestamp, now: Timestamp) -> Update {
    let expression = "SET #status = :waiting, due_at = :recorded, overdue_at = :overdue, \
                      overdue = :open, history = :history";
    let update = state_update(table, key, expression)
        .condition_expression("attribute_not_exists(#status)")
        .expression_attribute_values(":waiting", text(Status::Waiting.as_str()))
        .expression_attribute_values(":recorded", number(recorded_at.millis()))
        .expression_attribute_values(
            ":overdue",
            number(recorded_at.after(limits::GRACE).millis()),
        )
        .expression_attribute_values(":open", Half::Open.of(key))
        .expression_attribute_values(":history", history::list([entry(now, "not taken yet")]));
    built(update)
}

/// An attempt that goes on, listed in `overdue`: should it end without a word, the relay finds it there
/// when its lease has run out.
pub fn watch(table: &str, key: &EventKey) -> Update {
    let update = state_update(table, key, "SET overdue = :open")
        .condition_expression("#status = :processing AND attribute_not_exists(overdue)")
        .expression_attribute_values(":processing", text(Status::Processing.as_str()))
        .expression_attribute_values(":open", Half::Open.of(key));
    built(update)
}

/// The move of an overdue event to a later time; `sends` says whether it is sent then.
pub fn postpone(table: &str, overdue: &Overdue, sends: bool, now: Timestamp) -> Update {
    let next = now.after(overdue.pause(now));
    let expression = if sends {
        "SET overdue_at = :next ADD resends :one"
    } else {
        "SET overdue_at = :next"
    };
    let update = update(table, state_key(&overdue.key), expression)
        .condition_expression("overdue_at = :seen AND overdue = :open")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_values(":next", number(next.millis()))
        .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
        .expression_attribute_values(":open", Half::Open.of(&overdue.key));
    built(if sends {
        update.expression_attribute_values(":one", number(1))
    } else {
        update
    })
}

/// A [`postpone`] that sends taken back: overdue as before.
pub fn restore(table: &str, overdue: &Overdue, next: Timestamp) -> Update {
    let expression = "SET overdue_at = :seen, resends = resends - :one";
    let update = update(table, state_key(&overdue.key), expression)
        .condition_expression("overdue_at = :next AND overdue = :open")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_values(":seen", number(overdue.overdue_at.millis()))
        .expression_attribute_values(":next", number(next.millis()))
        .expression_attribute_values(":open", Half::Open.of(&overdue.key))
        .expression_attribute_values(":one", number(1));
    built(update)
}

/// The query before [`postpone`], which is no write: the events overdue at `now` in one of the
/// [`super::OVERDUE_SHARDS`], at most `limit`.
pub fn overdue(table: &str, shard: u8, now: Timestamp, limit: i32) -> QueryInputBuilder {
    QueryInputBuilder::default()
        .table_name(table)
        .index_name("overdue")
        .key_condition_expression("overdue = :open AND overdue_at <= :now")
        .expression_attribute_values(":open", text(Half::Open.partition(shard)))
        .expression_attribute_values(":now", number(now.millis()))
        .limit(limit)
}

const AGAIN: &str = "SET #status = :waiting, #token = :token, attempts = :zero, due_at = :now, \
                     overdue_at = :overdue, overdue = :open, \
                     history = list_append(history, :entry) \
                     ADD redeliveries :one REMOVE cause, expires_at, alone, put_back";
const AGAIN_CHANGED: &str = "SET #status = :waiting, #token = :token, attempts = :zero, \
                             due_at = :now, overdue_at = :overdue, overdue = :open, \
                             history = list_append(history, :entry) \
                             ADD redeliveries :one, conflicts :one \
                             REMOVE cause, expires_at, alone, put_back";
const TOGETHER: &str = "SET #status = :processing, #token = :token, due_at = :lease, \
                        overdue_at = :lease, attempts = if_not_exists(attempts, :zero), \
                        history = list_append(if_not_exists(history, :none), :entry) \
                        REMOVE expires_at, alone";
const ALONE: &str = "SET #status = :processing, #token = :token, due_at = :lease, \
                     overdue_at = :lease, attempts = if_not_exists(attempts, :zero) + :one, \
                     alone = :one, history = list_append(if_not_exists(history, :none), :entry) \
                     REMOVE expires_at";
const ENDED: &str = "SET #status = :status, attempts = :attempts, history = :history, \
                     expires_at = :expires REMOVE overdue, overdue_at, due_at, cause, alone";
const FAILED: &str = "SET #status = :status, attempts = :attempts, history = :history, \
                      expires_at = :expires, cause = :cause, overdue_at = :now, overdue = :failed \
                      REMOVE due_at, alone";
const WAITING: &str = "SET #status = :status, attempts = :attempts, history = :history, \
                       cause = :cause, due_at = :due, overdue_at = :overdue, overdue = :open \
                       REMOVE alone";
const RELEASED: &str = "SET #status = :status, attempts = :attempts, history = :history, \
                        cause = :cause, due_at = :due, overdue_at = :overdue, overdue = :open, \
                        put_back = :put_back REMOVE alone";

fn told(what: &str, pause: Duration, cause: &str) -> String {
    format!("{what} {} s: {}", pause.as_secs(), brief(cause))
}

/// The part of a cause that the item keeps. An item has its limit, and every attempt adds to the history.
fn brief(cause: &str) -> &str {
    let end = cause
        .char_indices()
        .nth(limits::CAUSE)
        .map_or(cause.len(), |(end, _)| end);
    &cause[..end]
}

/// An update of a state whose refusal brings it along.
fn state_update(table: &str, key: &EventKey, expression: &str) -> UpdateBuilder {
    update(table, state_key(key), expression)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .expression_attribute_names("#status", "status")
}

fn update(table: &str, pk: String, expression: &str) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .key(PK, AttributeValue::S(pk))
        .update_expression(expression)
}

fn built(update: UpdateBuilder) -> Update {
    update
        .build()
        .expect("key, table and expression are set by `update`")
}
