//! The ledger: the product's own transitions, evaluated on the items of one event.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};
use webhooks::envelope::Message;
use webhooks::event::Event;
use webhooks::ledger::{Held, Overdue, Settlement, Turn, Writes, transition};
use webhooks::limits;
use webhooks::limits::ITEM_PAYLOAD;

use crate::item::{State, Token};
use crate::memory::Memory;
use crate::moment::{LATER, Seconds, moment};
use crate::mutant::Mutant;
use crate::worker::Decision;
use lab::expression::{self, Attributes, Condition, Scope, Written};

/// A write of the state, and what it is asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    Reopen {
        token: Token,
        clock: Seconds,
    },
    Claim {
        token: Token,
        turn: Turn,
        clock: Seconds,
    },
    /// `attempts` and `alone` are what the claim has found.
    Settle {
        token: Token,
        attempts: u8,
        alone: bool,
        decision: Decision,
        clock: Seconds,
    },
    /// The event was recorded a moment ago.
    Miss,
    Watch,
    /// `seen` is what the relay read.
    Postpone {
        seen: Seen,
        sends: bool,
        clock: Seconds,
    },
    /// `next` is what the relay's own postponement has written.
    Restore {
        seen: Seen,
        next: Seconds,
    },
}

/// What the relay reads of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Seen {
    pub(crate) overdue_at: Seconds,
    pub(crate) due_at: Seconds,
}

/// The ledger, and what it has worked out already: transitions are functions.
pub(crate) struct Ledger {
    mutant: Option<Mutant>,
    event: Event<'static>,
    /// The key of the state.
    key: Attributes,
    /// The event's partition of the open ones.
    open: String,
    known: Memory<(Option<State>, Write), Option<State>>,
    known_receipts: Memory<(Option<Token>, Token), Option<Token>>,
    known_overdue: Memory<State, bool>,
}

const TABLE: &str = "ledger";

impl Ledger {
    pub(crate) fn new(mutant: Option<Mutant>) -> Self {
        let event = event();
        let miss = transition::miss(TABLE, event.key(), moment(0), moment(0));
        let values = miss.expression_attribute_values.as_ref().expect("values");
        let open = values[":open"].as_s().expect("a partition").clone();
        Self {
            mutant,
            key: miss.key,
            open,
            event,
            known: Memory::empty(),
            known_receipts: Memory::empty(),
            known_overdue: Memory::empty(),
        }
    }

    /// Who has written the receipt after the put, if the put takes place.
    pub(crate) fn record(&self, there: Option<Token>, token: Token) -> Option<Token> {
        self.known_receipts
            .recall((there, token), || self.evaluate_record(there, token))
    }

    fn evaluate_record(&self, there: Option<Token>, token: Token) -> Option<Token> {
        let there = there.map(|there| self.put(there).item);
        let mut put = self.put(token);
        if self.mutant == Some(Mutant::PutsAlways) {
            put.condition_expression = None;
        }
        match expression::put(&put, there.as_ref()) {
            Written::Item(item) => Some(Token::read(item["token"].as_s().expect("a text"))),
            Written::Refused | Written::Invalid => None,
        }
    }

    fn put(&self, token: Token) -> Put {
        let put = transition::record(
            TABLE,
            &self.event,
            token.text(),
            moment(LATER),
            ITEM_PAYLOAD,
        );
        put.expect("it is small")
    }

    /// The state after the write, if the write takes place.
    pub(crate) fn write(&self, there: Option<State>, write: Write) -> Option<State> {
        self.known
            .recall((there, write), || self.evaluate(there, write))
    }

    fn evaluate(&self, there: Option<State>, write: Write) -> Option<State> {
        let mut there = there.map(|state| state.attributes(&self.key, &self.open));
        if let (Write::Restore { .. }, Some(item)) = (write, &mut there) {
            // What was postponed has been counted.
            item.insert("resends".to_owned(), AttributeValue::N("1".to_owned()));
        }
        let mut update = self.request(write);
        if let Some(mutant) = self.mutant {
            mutant.spoil(write, &mut update);
        }
        match expression::update(&update, there.as_ref()) {
            Written::Item(item) => {
                assert_eq!(item["pk"], self.key["pk"], "there is one state");
                Some(State::read(&item))
            }
            Written::Refused | Written::Invalid => None,
        }
    }

    fn request(&self, write: Write) -> Update {
        let key = self.event.key();
        match write {
            Write::Reopen { token, clock } => {
                transition::reopen(TABLE, key, token.text(), false, moment(clock))
            }
            Write::Claim { token, turn, clock } => {
                transition::claim(TABLE, key, token.text(), turn, moment(clock))
            }
            Write::Settle {
                token,
                attempts,
                alone,
                decision,
                clock,
            } => {
                let held = Held {
                    attempts: attempts.into(),
                    alone,
                    ..Held::default()
                };
                let (settlement, now) = (settlement(decision), moment(clock));
                let (token, later) = (token.text(), moment(LATER));
                transition::settle(TABLE, key, token, &held, &settlement, later, now)
            }
            Write::Miss => transition::miss(TABLE, key, moment(0), moment(0)),
            Write::Watch => transition::watch(TABLE, key),
            Write::Postpone { seen, sends, clock } => {
                transition::postpone(TABLE, &self.row(seen), sends, moment(clock))
            }
            Write::Restore { seen, next } => {
                transition::restore(TABLE, &self.row(seen), moment(next))
            }
        }
    }

    /// What the relay reads.
    fn row(&self, seen: Seen) -> Overdue {
        let number = |time: Seconds| AttributeValue::N(moment(time).millis().to_string());
        let mut row: HashMap<String, AttributeValue> = self.key.clone();
        row.insert("overdue_at".to_owned(), number(seen.overdue_at));
        row.insert("due_at".to_owned(), number(seen.due_at));
        Overdue::try_from(row).expect("a row of ours")
    }

    /// Whether the relay's question finds the state.
    pub(crate) fn overdue(&self, there: &State) -> bool {
        self.known_overdue.recall(*there, || self.finds(there))
    }

    fn finds(&self, there: &State) -> bool {
        let shard = self.open.trim_start_matches("open#").parse();
        let query = transition::overdue(TABLE, shard.expect("a shard"), moment(0), 1);
        let condition = query.get_key_condition_expression().as_deref();
        let scope = Scope {
            item: Some(&there.attributes(&self.key, &self.open)),
            names: None,
            values: query.get_expression_attribute_values().as_ref(),
        };
        Condition::parse(condition.expect("a condition")).holds(&scope)
    }
}

fn settlement(decision: Decision) -> Settlement {
    let cause = "the model wants it so".to_owned();
    match decision {
        Decision::Done => Settlement::Done(Writes::none()),
        Decision::Ignored => Settlement::Ignored,
        Decision::Failed => Settlement::Failed { cause },
        Decision::Retry => Settlement::Retry {
            cause,
            pause: limits::RETRY_FIRST,
        },
        Decision::Released => Settlement::Released {
            cause,
            pause: limits::BUCKET_PAUSE,
        },
    }
}

/// The one event of the model. From outside the library only a message can carry one.
fn event() -> Event<'static> {
    let message = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/webhooks/github/default",
            "type":"github.push","time":"{}","datacontenttype":"application/json",
            "data_base64":"e30="}}"#,
        moment(0)
    );
    let message = Message::read(&message).expect("a message of ours");
    message.whole.expect("it carries the event")
}
