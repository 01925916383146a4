//! The state: one event, everybody who works on it, and what has gone wrong.

use webhooks::ledger::Status;

use crate::item::{Half, Item, Token};
use crate::moment::{STEP, Seconds};
use crate::receiver::Receiver;
use crate::relay::Relay;
use crate::worker::Worker;

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// How far the second worker's clock is ahead of all others.
    pub(crate) skew: Seconds,
    pub(crate) item: Option<Item>,
    pub(crate) queue: Queue,
    pub(crate) receivers: [Receiver; 2],
    pub(crate) workers: [Worker; 2],
    pub(crate) relays: [Relay; 2],
    /// How often the handler's transactional writes were made; two is too often already.
    pub(crate) effects: u8,
    /// The end that is final.
    pub(crate) end: Option<Status>,
    /// Whose claim it is that holds.
    pub(crate) holder: Option<u8>,
    pub(crate) broken: Broken,
}

/// Which messages were ever sent. Any of them may come at any time, and as often as it likes: SQS
/// may repeat it, and what is deleted, lost or in the dead-letter queue is a message that does
/// not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Queue {
    /// One that names the event.
    pub(crate) reference: bool,
    /// One that carries it whole.
    pub(crate) whole: bool,
    /// One that carries it whole and was received after the event had failed, which it still is.
    /// The times that say so are not in the model: clocks are to agree on what came first.
    pub(crate) redelivery: bool,
}

/// Promises that a step has broken. Where the protocol is right nothing of it ever happens, so
/// that to watch out for it makes no more states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Broken {
    /// A sender heard a 2xx, or the last message was let go, and the event was nowhere.
    pub(crate) lost: bool,
    /// The event was done, and its handler's calls were not made.
    pub(crate) not_called: bool,
    /// An attempt settled what another one held.
    pub(crate) overwritten: bool,
    /// An attempt lost the event before its time was over.
    pub(crate) interrupted: bool,
    /// A relay sent what was not overdue, or what it left overdue, or it took back a pause that
    /// was not its own.
    pub(crate) sent_early: bool,
    /// A sender heard a 2xx for a redelivery that was nowhere.
    pub(crate) dropped: bool,
}

impl World {
    pub(crate) fn new(skew: Seconds) -> Self {
        Self {
            skew,
            item: None,
            queue: Queue::default(),
            receivers: [Receiver::Idle; 2],
            workers: [Worker::Idle; 2],
            relays: [Relay::Idle; 2],
            effects: 0,
            end: None,
            holder: None,
            broken: Broken::default(),
        }
    }

    /// What a write has left.
    pub(crate) fn written(&mut self, item: Item) {
        self.item = Some(item);
        if matches!(item.status, Status::Done | Status::Ignored) {
            self.end = self.end.or(Some(item.status));
        }
        // No write leaves a failed event failed as it was.
        self.queue.redelivery = false;
        self.receivers.iter_mut().for_each(Receiver::outdate);
    }

    /// The handler's transactional writes are made.
    pub(crate) fn effect(&mut self) {
        self.effects = 2.min(self.effects + 1);
    }

    /// Ended, or where the relay finds it.
    pub(crate) fn recorded(&self) -> bool {
        let listed = |item: Item| item.unsettled == Some(Half::Open) && item.overdue_at.is_some();
        self.item.is_some_and(|item| item.ended() || listed(item))
    }

    /// A sender hears a 2xx.
    pub(crate) fn acknowledge(&mut self) {
        self.broken.lost |= !self.recorded() && !self.queue.whole;
    }

    /// Nobody asks for this token any more.
    pub(crate) fn forget(&mut self, token: Token) {
        if let Some(item) = &mut self.item
            && item.token == token
        {
            item.token = Token::Past;
        }
        if let Token::Worker(worker) = token {
            self.holder.take_if(|holder| *holder == worker);
        }
    }

    /// Time goes on, and ends the invocations whose time is over.
    pub(crate) fn tick(&mut self) {
        self.item = self.item.map(|item| item.older(STEP));
        self.workers.iter_mut().for_each(Worker::tick);
        self.relays.iter_mut().for_each(Relay::tick);
    }

    /// Of states that differ only in who is called the first, one: the first is never the idle one.
    pub(crate) fn canonical(mut self) -> Self {
        self.receivers = self.receivers.map(|receiver| receiver.plain(self.queue));
        let open = self
            .item
            .is_some_and(|item| item.unsettled == Some(Half::Open));
        self.relays = self.relays.map(|relay| relay.plain(self.queue, open));
        for index in [0, 1] {
            let token = Token::Worker(index);
            if self.item.is_none_or(|item| item.token != token) {
                self.workers[usize::from(index)].supersede();
            }
        }
        if self.receivers[0] < self.receivers[1] {
            self.receivers.swap(0, 1);
            self.swap(Token::Receiver);
        }
        if self.skew == 0 && self.workers[0] < self.workers[1] {
            self.workers.swap(0, 1);
            self.swap(Token::Worker);
            self.holder = self.holder.map(|holder| 1 - holder);
        }
        self.relays.sort_by(|one, other| other.cmp(one));
        self
    }

    fn swap(&mut self, token: fn(u8) -> Token) {
        if let Some(item) = &mut self.item {
            match item.token {
                first if first == token(0) => item.token = token(1),
                second if second == token(1) => item.token = token(0),
                _ => {}
            }
        }
    }
}
