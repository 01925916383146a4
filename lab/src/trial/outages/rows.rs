//! The rows of the table: the calls of the functions, and the event whose way leads through each.

use crate::trial::traffic::Kind;

/// One row of the table: an operation of a function, and the event whose way leads through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) function: &'static str,
    pub(super) operation: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: Kind,
    /// Another call that breaks, so that the operation comes to pass.
    pub(super) before: Option<(&'static str, &'static str)>,
}

const fn row(
    (function, operation, what): (&'static str, &'static str, &'static str),
    kind: Kind,
    before: Option<(&'static str, &'static str)>,
) -> Row {
    Row {
        function,
        operation,
        what,
        kind,
        before,
    }
}

const UNSENT: Option<(&str, &str)> = Some(("receiver", "SendMessage"));

/// Calls that name the event they are about.
pub(super) const ROWS: [Row; 17] = [
    row(("receiver", "PutItem", "record"), Kind::Push, None),
    row(
        ("receiver", "PutObject", "keep the payload"),
        Kind::LargePush,
        None,
    ),
    row(("receiver", "SendMessage", "send"), Kind::Push, None),
    row(
        ("receiver", "UpdateItem", "reopen"),
        Kind::BrokenCharge,
        None,
    ),
    row(
        ("receiver", "GetItem", "see whether it has failed"),
        Kind::BrokenCharge,
        None,
    ),
    row(
        ("processor", "GetItem", "read what arrived"),
        Kind::LargePush,
        None,
    ),
    row(
        ("processor", "UpdateItem", "claim, settle"),
        Kind::Push,
        None,
    ),
    row(
        ("processor", "PutItem", "record a whole message"),
        Kind::Push,
        Some(("receiver", "PutItem")),
    ),
    row(
        ("processor", "GetObject", "fetch the payload"),
        Kind::LargePush,
        None,
    ),
    row(
        ("processor", "TransactWriteItems", "effect and done"),
        Kind::Charge,
        None,
    ),
    row(("processor", "PutEvents", "effect"), Kind::Push, None),
    row(("processor", "Publish", "effect"), Kind::Message, None),
    row(
        ("processor", "SendMessage", "send for the next attempt"),
        Kind::Push,
        Some(("processor", "PutEvents")),
    ),
    row(
        ("relay", "BatchGetItem", "look at what was recorded"),
        Kind::Push,
        UNSENT,
    ),
    row(
        ("relay", "UpdateItem", "list, postpone"),
        Kind::Push,
        UNSENT,
    ),
    row(
        ("relay", "GetItem", "read what arrived"),
        Kind::Push,
        UNSENT,
    ),
    row(("relay", "SendMessage", "send again"), Kind::Push, UNSENT),
];

/// Calls that name no event, and so break for everybody.
pub(super) const NAMELESS: [Row; 2] = [
    row(
        ("relay", "GetQueueAttributes", "see the queue's depth"),
        Kind::Push,
        UNSENT,
    ),
    row(
        ("relay", "Query", "find what is overdue"),
        Kind::Push,
        UNSENT,
    ),
];

pub(super) const COLD: Row = row(
    ("receiver", "GetParametersByPath", "secrets, cold start"),
    Kind::Charge,
    None,
);
pub(super) const CACHED: Row = row(
    ("receiver", "GetParametersByPath", "secrets, cached"),
    Kind::Push,
    None,
);
