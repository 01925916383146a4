//! The state of the model: one event, everybody who works on it, and what has gone wrong.

use webhooks::ledger::Status;

use crate::item::{ATTEMPTS, State, Token};
use crate::looker::Looker;
use crate::moment::{STEP, Seconds};
use crate::receiver::Receiver;
use crate::relay::Relay;
use crate::worker::Worker;

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// How far the second worker's clock is ahead of all others.
    pub(crate) skew: Seconds,
    /// Who has written the receipt, if there is one.
    pub(crate) receipt: Option<Token>,
    pub(crate) state: Option<State>,
    /// The stream has a record of the receipt that nobody has looked at.
    pub(crate) told: bool,
    /// What the ledger keeps of an event that has ended is over: whatever is on its way now is old,
    /// and no provider sends the event any more.
    pub(crate) old: bool,
    pub(crate) queue: Queue,
    pub(crate) receivers: [Receiver; 2],
    pub(crate) workers: [Worker; 2],
    pub(crate) relays: [Relay; 2],
    pub(crate) looker: Looker,
    /// How often the handler's transactional writes were made; two is too often already.
    pub(crate) effects: u8,
    /// The end that is final.
    pub(crate) end: Option<Status>,
    /// Whose claim it is that holds.
    pub(crate) holder: Option<u8>,
    /// Attempts of this life that count, counted by the model.
    pub(crate) tries: u8,
    pub(crate) broken: Broken,
}

/// Which messages were ever sent. Any of them may come at any time, and as often as it likes: SQS
/// may repeat it, and what is deleted, lost or in the dead-letter queue is a message that does
/// not come, or comes when an operator moves it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Queue {
    /// One that names the event, or carries it after it was recorded.
    pub(crate) reference: bool,
    /// One that carries it because it could not be recorded.
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
    /// An attempt began before the pause was over, or a pause was none.
    pub(crate) early: bool,
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
            receipt: None,
            state: None,
            told: false,
            old: false,
            queue: Queue::default(),
            receivers: [Receiver::Idle; 2],
            workers: [Worker::Idle; 2],
            relays: [Relay::Idle; 2],
            looker: Looker::Idle,
            effects: 0,
            end: None,
            holder: None,
            tries: 0,
            broken: Broken::default(),
        }
    }

    /// The event's status, if it is in the ledger.
    pub(crate) fn status(&self) -> Option<Status> {
        self.receipt?;
        Some(self.state.map_or(Status::Received, |state| state.status))
    }

    /// Whether it waits for nobody any more.
    pub(crate) fn ended(&self) -> bool {
        self.status().is_some_and(Status::has_ended)
    }

    /// Whether a redelivery starts it again.
    pub(crate) fn failed(&self) -> bool {
        self.state.is_some_and(|state| state.failed())
    }

    /// A put has left a receipt of that token.
    pub(crate) fn recorded_by(&mut self, token: Token) {
        self.receipt = Some(token);
        self.told = true;
    }

    /// What a write has left.
    pub(crate) fn written(&mut self, state: State) {
        self.state = Some(state);
        if matches!(state.status, Status::Done | Status::Ignored) {
            self.end = self.end.or(Some(state.status));
        }
        // No write leaves a failed event failed as it was.
        self.queue.redelivery = false;
        self.receivers.iter_mut().for_each(Receiver::outdate);
    }

    /// An attempt has counted, or has not after all.
    pub(crate) fn count(&mut self, more: i8) {
        self.tries = self.tries.saturating_add_signed(more).min(ATTEMPTS);
    }

    /// The handler's transactional writes are made.
    pub(crate) fn effect(&mut self) {
        self.effects = 2.min(self.effects + 1);
    }

    /// Ended, or where somebody finds it without its provider.
    pub(crate) fn recorded(&self) -> bool {
        let listed = |state: State| state.open();
        self.receipt.is_some() && (self.told || self.ended() || self.state.is_some_and(listed))
    }

    /// A sender hears a 2xx.
    pub(crate) fn acknowledge(&mut self) {
        self.broken.lost |= !self.recorded() && !self.queue.whole;
    }

    /// Nobody asks for this token any more.
    pub(crate) fn forget(&mut self, token: Token) {
        if let Some(state) = &mut self.state
            && state.token == token
        {
            state.token = Token::Past;
        }
        self.receipt = self
            .receipt
            .map(|by| if by == token { Token::Past } else { by });
        if let Token::Worker(worker) = token {
            self.holder.take_if(|holder| *holder == worker);
        }
    }

    /// Time goes on, and ends the invocations whose time is over.
    pub(crate) fn tick(&mut self) {
        self.state = self.state.map(|state| state.older(STEP));
        self.workers.iter_mut().for_each(Worker::tick);
        self.relays.iter_mut().for_each(Relay::tick);
    }

    /// So much time goes on that DynamoDB removes what has ended, the receipt first, and that whoever
    /// was at work is not any more.
    pub(crate) fn expire(&mut self) -> Option<()> {
        let state = self.state?;
        if self.receipt.is_some() && state.status.has_ended() {
            *self = Self {
                receipt: None,
                told: false,
                old: true,
                receivers: [Receiver::Idle; 2],
                workers: [Worker::Idle; 2],
                relays: [Relay::Idle; 2],
                looker: Looker::Idle,
                holder: None,
                ..self.clone()
            };
            return Some(());
        }
        (self.receipt.is_none() || !state.status.has_ended()).then_some(())?;
        state.expires.then_some(())?;
        self.state = None;
        self.tries = 0;
        Some(())
    }

    /// Of states that differ only in who is called the first, one: the first is never the idle one.
    pub(crate) fn canonical(mut self) -> Self {
        self.receivers = self.receivers.map(|receiver| receiver.plain(self.queue));
        let open = self.state.is_some_and(|state| state.open());
        // What is listed or has ended once never is neither again, and the look would find nothing.
        let found = open || self.ended();
        self.told &= !(found && self.looker == Looker::Idle);
        self.relays = self.relays.map(|relay| relay.plain(self.queue, open));
        for index in [0, 1] {
            let token = Token::Worker(index);
            if self.state.is_none_or(|state| state.token != token) {
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
        let swapped = |there: Token| match there {
            first if first == token(0) => token(1),
            second if second == token(1) => token(0),
            other => other,
        };
        self.receipt = self.receipt.map(swapped);
        if let Some(state) = &mut self.state {
            state.token = swapped(state.token);
        }
    }
}
