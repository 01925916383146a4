//! The item, as far as the protocol depends on it.
//!
//! Left out is what the protocol does not depend on or what is only read by people: history,
//! payload, digest, cause, the counters, `resends` among them: the relay's first pause is its only
//! one. Times are seconds from the present, and a time that lies so far away that nothing can tell
//! it from another is the same as that: so the states stay few though time goes on for ever.

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::ledger::Status;

use crate::expression::Attributes;
use crate::moment::{FAR, LONG_AGO, Seconds, moment, seconds};

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

    fn read(text: &str) -> Self {
        let named = TOKENS.iter().find(|(_, name)| *name == text);
        named.expect("a token of ours").0
    }
}

/// Where the item is in the index `unsettled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Half {
    Open,
    Failed,
}

/// The item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) status: Status,
    pub(crate) token: Token,
    pub(crate) lease_until: Option<Seconds>,
    pub(crate) attempts: u8,
    pub(crate) overdue_at: Option<Seconds>,
    pub(crate) unsettled: Option<Half>,
    pub(crate) expires_at: Seconds,
}

/// Attempts above this are all the same: too many.
const ATTEMPTS: u8 = crate::worker::MAX_ATTEMPTS + 1;
/// A lease that ended so long ago has ended by every clock.
const SKEW: Seconds = 16;
/// No promise is about a time later than this.
const HORIZON: Seconds = 600;

impl Item {
    /// Whether it waits for nobody any more.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.status, Status::Done | Status::Ignored | Status::Failed)
    }

    /// Whether a redelivery starts it again.
    pub(crate) fn failed(&self) -> bool {
        self.status == Status::Failed
    }

    /// The item after so many seconds.
    pub(crate) fn older(self, by: Seconds) -> Self {
        let later = |time: Seconds| match time {
            FAR => FAR,
            time => time - by,
        };
        Self {
            lease_until: self.lease_until.map(later),
            overdue_at: self.overdue_at.map(later),
            expires_at: later(self.expires_at),
            ..self
        }
        .plain()
    }

    /// The same with everything that makes no difference made equal.
    fn plain(self) -> Self {
        let lease = |time| if time < -SKEW { LONG_AGO } else { time };
        Self {
            lease_until: self.lease_until.map(lease),
            overdue_at: self.overdue_at.map(|time| time.max(0)),
            expires_at: match self.expires_at {
                time if time > HORIZON => FAR,
                time => time.max(0),
            },
            attempts: self.attempts.min(ATTEMPTS),
            ..self
        }
    }

    /// The attributes that DynamoDB would have, on top of those that never change.
    pub(crate) fn attributes(&self, recorded: &Attributes) -> Attributes {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let mut item = recorded.clone();
        let mut set = |name: &str, value: Option<AttributeValue>| match value {
            Some(value) => drop(item.insert(name.to_owned(), value)),
            None => drop(item.remove(name)),
        };
        let millis = |time: Seconds| number(moment(time).millis());
        let open = recorded["unsettled"].as_s().expect("a partition");
        let half = |half: Half| match half {
            Half::Open => text(open),
            Half::Failed => text(&open.replace("open", "failed")),
        };
        set("status", Some(text(self.status.as_str())));
        set("token", Some(text(self.token.text())));
        set("lease_until", self.lease_until.map(millis));
        set("attempts", Some(number(self.attempts.into())));
        set("overdue_at", self.overdue_at.map(millis));
        set("unsettled", self.unsettled.map(half));
        let expires_at = moment(self.expires_at).seconds();
        set("expires_at", Some(number(expires_at)));
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
            token: Token::read(text("token").expect("a token")),
            lease_until: time("lease_until"),
            attempts: count("attempts"),
            overdue_at: time("overdue_at"),
            unsettled: text("unsettled").map(|half| {
                if half.starts_with("open") {
                    Half::Open
                } else {
                    Half::Failed
                }
            }),
            expires_at: seconds(number("expires_at").expect("an end")),
        }
        .plain()
    }
}
