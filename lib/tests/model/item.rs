//! An event's two items, as far as the protocol depends on them.
//!
//! Left out is what the protocol does not depend on or what is only read by people: history,
//! payload, digest, cause, the counters. Times are seconds from the present, and a time that lies so
//! far away that nothing can tell it from another is the same as that: so the states stay few though
//! time goes on for ever.

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::ledger::Status;

use crate::moment::{LONG_AGO, Seconds, moment, seconds};
use lab::expression::Attributes;

/// Who wrote an item last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Token {
    /// Somebody who does not ask any more.
    Past,
    /// The receipt that this receiver is at.
    Receiver(u8),
    /// The claim that this worker is at.
    Worker(u8),
}

const TOKENS: [(Token, &str); 5] = [
    (Token::Past, "past"),
    (Token::Receiver(0), "receiver 0"),
    (Token::Receiver(1), "receiver 1"),
    (Token::Worker(0), "worker 0"),
    (Token::Worker(1), "worker 1"),
];

impl Token {
    pub(crate) fn text(self) -> &'static str {
        let named = TOKENS.iter().find(|(token, _)| *token == self);
        named.expect("there are two of each").1
    }

    pub(crate) fn read(text: &str) -> Self {
        let named = TOKENS.iter().find(|(_, name)| *name == text);
        named.expect("a token of ours").0
    }
}

/// Where the state is in the index `overdue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Half {
    Open,
    Failed,
}

/// The state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) status: Status,
    pub(crate) token: Token,
    pub(crate) attempts: u8,
    pub(crate) alone: bool,
    pub(crate) due_at: Option<Seconds>,
    pub(crate) overdue_at: Option<Seconds>,
    pub(crate) listed: Option<Half>,
    /// True if DynamoDB removes it one day.
    pub(crate) expires: bool,
}

/// Attempts above this are all the same: too many.
pub(crate) const ATTEMPTS: u8 = crate::worker::MAX_ATTEMPTS + 1;
/// A lease that ended so long ago has ended by every clock.
const SKEW: Seconds = 16;

impl State {
    /// Whether a redelivery starts it again.
    pub(crate) fn failed(&self) -> bool {
        self.status == Status::Failed
    }

    /// Whether the relay finds it.
    pub(crate) fn open(&self) -> bool {
        self.listed == Some(Half::Open) && self.overdue_at.is_some()
    }

    /// The state after so many seconds.
    pub(crate) fn older(self, by: Seconds) -> Self {
        let later = |time: Seconds| time - by;
        Self {
            due_at: self.due_at.map(later),
            overdue_at: self.overdue_at.map(later),
            ..self
        }
        .plain()
    }

    /// The same with everything that makes no difference made equal.
    fn plain(self) -> Self {
        let due = |time| if time < -SKEW { LONG_AGO } else { time };
        let listed = self.listed.is_some() || self.status == Status::Processing;
        Self {
            due_at: self.due_at.map(due),
            overdue_at: self.overdue_at.filter(|_| listed).map(|time| time.max(0)),
            attempts: self.attempts.min(ATTEMPTS),
            ..self
        }
    }

    /// The attributes that DynamoDB would have, on top of those that never change: the key, and the
    /// partition `open` of the index.
    pub(crate) fn attributes(&self, key: &Attributes, open: &str) -> Attributes {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let mut item = key.clone();
        let mut set = |name: &str, value: Option<AttributeValue>| match value {
            Some(value) => drop(item.insert(name.to_owned(), value)),
            None => drop(item.remove(name)),
        };
        let millis = |time: Seconds| number(moment(time).millis());
        let half = |half: Half| match half {
            Half::Open => text(open),
            Half::Failed => text(&open.replace("open", "failed")),
        };
        set("status", Some(text(self.status.as_str())));
        set("token", Some(text(self.token.text())));
        set("attempts", Some(number(self.attempts.into())));
        set("alone", self.alone.then(|| number(1)));
        set("due_at", self.due_at.map(millis));
        set("overdue_at", self.overdue_at.map(millis));
        set("overdue", self.listed.map(half));
        set("expires_at", self.expires.then(|| number(0)));
        set("history", Some(AttributeValue::L(Vec::new())));
        item
    }

    /// Reads what DynamoDB would have.
    pub(crate) fn read(item: &Attributes) -> Self {
        let text = |name: &str| item.get(name).map(|value| value.as_s().expect("a text"));
        let number = |name: &str| -> Option<i64> {
            let value = item.get(name)?.as_n().expect("a number");
            Some(value.parse().expect("a whole number"))
        };
        let time = |name: &str| number(name).map(|millis| seconds(millis.div_euclid(1000)));
        // Less than nothing is nothing, as the product reads it.
        let count = |name: &str| {
            let count = number(name).unwrap_or(0).max(0);
            u8::try_from(count).expect("a small count")
        };
        Self {
            status: Status::parse(text("status").expect("a status")).expect("a status"),
            token: text("token").map_or(Token::Past, |token| Token::read(token)),
            attempts: count("attempts"),
            alone: count("alone") > 0,
            due_at: time("due_at"),
            overdue_at: time("overdue_at"),
            listed: text("overdue").map(|half| {
                if half.starts_with("open") {
                    Half::Open
                } else {
                    Half::Failed
                }
            }),
            expires: item.contains_key("expires_at"),
        }
        .plain()
    }
}
