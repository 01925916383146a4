//! The ledger: the product's own transitions, evaluated on one item.

use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};
use webhooks::envelope::Message;
use webhooks::event::Event;
use webhooks::ledger::{Overdue, Settlement, transition};
use webhooks::limits;
use webhooks::limits::ITEM_PAYLOAD;
use webhooks::timestamp::Timestamp;

use crate::expression::{self, Attributes, Condition, Scope, Written};
use crate::item::{Item, Token};
use crate::memory::Memory;
use crate::moment::{FAR, Seconds, moment};
use crate::mutant::Mutant;
use crate::worker::Decision;

/// A transition, and what it is asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    /// `received_at` is when the delivery came: now, or before it waited in the queue.
    Record {
        token: Token,
        received_at: Seconds,
    },
    Reopen {
        token: Token,
        clock: Seconds,
    },
    Claim {
        token: Token,
        clock: Seconds,
    },
    Settle {
        token: Token,
        decision: Decision,
        clock: Seconds,
    },
    /// `seen` is what the relay read.
    Postpone {
        seen: Seconds,
        clock: Seconds,
    },
    /// `next` is what the relay's own postponement has written.
    Restore {
        seen: Seconds,
        next: Seconds,
    },
}

/// The request that asks for a transition.
pub(crate) enum Request {
    Put(Put),
    Update(Update),
}

/// The ledger, and what it has worked out already: transitions are functions.
pub(crate) struct Ledger {
    mutant: Option<Mutant>,
    event: Event<'static>,
    recorded: Attributes,
    known: Memory<(Option<Item>, Write), Option<Item>>,
    known_overdue: Memory<Item, bool>,
}

const TABLE: &str = "ledger";

impl Ledger {
    pub(crate) fn new(mutant: Option<Mutant>) -> Self {
        let event = event(moment(0));
        let put = transition::record(TABLE, &event, Token::Past.text(), moment(FAR), ITEM_PAYLOAD);
        Self {
            mutant,
            event,
            recorded: put.expect("it is small").item,
            known: Memory::empty(),
            known_overdue: Memory::empty(),
        }
    }

    /// The item after the write, if the write takes place.
    pub(crate) fn write(&self, there: Option<Item>, write: Write) -> Option<Item> {
        self.known
            .recall((there, write), || self.evaluate(there, write))
    }

    fn evaluate(&self, there: Option<Item>, write: Write) -> Option<Item> {
        let mut there = there.map(|item| item.attributes(&self.recorded));
        if let (Write::Restore { .. }, Some(item)) = (write, &mut there) {
            // What was postponed has been counted.
            item.insert("resends".to_owned(), AttributeValue::N("1".to_owned()));
        }
        let mut request = self.request(write);
        if let Some(mutant) = self.mutant {
            mutant.spoil(write, &mut request);
        }
        let written = match &request {
            Request::Put(put) => expression::put(put, there.as_ref()),
            Request::Update(update) => expression::update(update, there.as_ref()),
        };
        match written {
            Written::Item(item) => {
                assert_eq!(item["pk"], self.recorded["pk"], "there is one item");
                Some(Item::read(&item))
            }
            Written::Refused | Written::Invalid => None,
        }
    }

    fn request(&self, write: Write) -> Request {
        let key = self.event.key();
        let update = match write {
            Write::Record { token, received_at } => {
                let event = event(moment(received_at));
                let put =
                    transition::record(TABLE, &event, token.text(), self.expiry(), ITEM_PAYLOAD);
                return Request::Put(put.expect("it is small"));
            }
            Write::Reopen { token, clock } => {
                transition::reopen(TABLE, key, token.text(), self.expiry(), moment(clock))
            }
            Write::Claim { token, clock } => {
                transition::claim(TABLE, key, token.text(), moment(clock))
            }
            Write::Settle {
                token,
                decision,
                clock,
            } => {
                let settlement = settlement(decision);
                transition::settle(TABLE, key, token.text(), &settlement, moment(clock))
            }
            Write::Postpone { seen, clock } => {
                transition::postpone(TABLE, &self.row(seen), moment(clock))
            }
            Write::Restore { seen, next } => {
                transition::restore(TABLE, &self.row(seen), moment(next))
            }
        };
        Request::Update(update)
    }

    /// What the relay reads of an event that is overdue since then.
    fn row(&self, overdue_at: Seconds) -> Overdue {
        let row = Item {
            overdue_at: Some(overdue_at),
            ..Item::read(&self.recorded)
        };
        Overdue::try_from(row.attributes(&self.recorded)).expect("a row of ours")
    }

    /// Whether the relay's question finds the item.
    pub(crate) fn overdue(&self, there: &Item) -> bool {
        self.known_overdue.recall(*there, || self.finds(there))
    }

    fn finds(&self, there: &Item) -> bool {
        let open = self.recorded["unsettled"].as_s().expect("a partition");
        let shard = open.trim_start_matches("open#").parse().expect("a shard");
        let query = transition::overdue(TABLE, shard, moment(0), 1);
        let condition = query.get_key_condition_expression().as_deref();
        let scope = Scope {
            item: Some(&there.attributes(&self.recorded)),
            names: None,
            values: query.get_expression_attribute_values().as_ref(),
        };
        Condition::parse(condition.expect("a condition")).holds(&scope)
    }

    fn expiry(&self) -> Timestamp {
        match self.mutant {
            Some(Mutant::ShortRetention) => moment(0),
            _ => moment(FAR),
        }
    }
}

fn settlement(decision: Decision) -> Settlement {
    let cause = "the model wants it so".to_owned();
    match decision {
        Decision::Done => Settlement::Done(Vec::new()),
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
fn event(received_at: Timestamp) -> Event<'static> {
    let message = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/webhooks/github/default",
            "type":"github.push","time":"{received_at}","datacontenttype":"application/json",
            "data_base64":"e30="}}"#
    );
    let message = Message::read(&message).expect("a message of ours");
    message.whole.expect("it carries the event")
}
