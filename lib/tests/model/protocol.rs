//! The model: who can do what in a state.
//!
//! Nothing bounds how often a call fails, a process ends, a message comes twice or is lost, or how
//! many deliveries come one after the other. The states are few all the same, because what makes
//! no difference is not told apart.

use stateright::{Model, Property};
use webhooks::ledger::Turn;

use crate::fate::Fate;
use crate::item::{State, Token};
use crate::ledger::{Ledger, Write};
use crate::looker::{self, Looker};
use crate::memory::Memory;
use crate::moment::Seconds;
use crate::mutant::Mutant;
use crate::receiver::{self, Receiver};
use crate::relay::{self, Relay};
use crate::worker::{self, Decision, Message, Step, Worker};
use crate::world::World;

/// How many of each are at work at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew {
    pub(crate) receivers: u8,
    pub(crate) workers: u8,
    pub(crate) relays: u8,
}

impl Crew {
    /// Two of each, so that any two can meet.
    pub(crate) const FULL: Self = Self {
        receivers: 2,
        workers: 2,
        relays: 2,
    };
}

/// The protocol, and what is wrong with it.
pub(crate) struct Protocol {
    pub(crate) crew: Crew,
    pub(crate) skews: &'static [Seconds],
    pub(crate) mutant: Option<Mutant>,
    pub(crate) ledger: Ledger,
    pub(crate) recoveries: Memory<Left, bool>,
}

/// What is left of an event when everybody has stopped: a receipt, a state, a record in the stream, a
/// message that carries it.
pub(crate) type Left = (bool, Option<State>, bool, bool);

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Time goes on by one step.
    Tick,
    /// DynamoDB removes an item that has expired.
    Expire,
    Looker(Fate),
    Receiver(u8, Fate),
    Worker(u8, Step),
    /// Whether the relay takes the event for lost, or for one in the queue.
    Relay(u8, bool, Fate),
    /// A process ends where it is.
    StopReceiver(u8),
    StopWorker(u8),
    StopRelay(u8),
    StopLooker,
}

impl Protocol {
    pub(crate) fn new(crew: Crew, skews: &'static [Seconds], mutant: Option<Mutant>) -> Self {
        Self {
            crew,
            skews,
            mutant,
            ledger: Ledger::new(mutant),
            recoveries: Memory::empty(),
        }
    }

    /// Makes a call to the ledger, if it is its fate to be made; says whether it wrote.
    pub(crate) fn made(&self, world: &mut World, write: Write, fate: Fate) -> bool {
        let written = if fate.made() {
            self.ledger.write(world.state, write)
        } else {
            None
        };
        if let Some(state) = written {
            world.written(state);
            match write {
                Write::Reopen { .. } => world.tries = 0,
                Write::Claim { turn, .. } if turn.is_alone() => world.count(1),
                _ => {}
            }
        }
        written.is_some()
    }

    /// Makes a put of the receipt, if it is its fate to be made; says whether it wrote.
    pub(crate) fn recorded(&self, world: &mut World, token: Token, fate: Fate) -> bool {
        let written = if fate.made() {
            self.ledger.record(world.receipt, token)
        } else {
            None
        };
        if let Some(token) = written {
            // To replace a receipt is to begin the event anew.
            world.broken.overwritten |= world.receipt.is_some();
            world.recorded_by(token);
        }
        written.is_some()
    }

    /// The state after that, if it can happen.
    pub(crate) fn after(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Tick => next.tick(),
            Action::Expire => {
                next.expire()?;
            }
            Action::Receiver(index, fate) => return receiver::step(self, world, index, fate),
            Action::Worker(index, step) => return worker::step(self, world, index, step),
            Action::Looker(fate) => return looker::step(self, world, fate),
            Action::Relay(index, sends, fate) => {
                return relay::step(self, world, index, sends, fate);
            }
            Action::StopReceiver(index) => {
                next.receivers[usize::from(index)] = Receiver::Idle;
                next.forget(Token::Receiver(index));
            }
            Action::StopWorker(index) => {
                next.workers[usize::from(index)] = Worker::Idle;
                next.forget(Token::Worker(index));
            }
            Action::StopRelay(index) => next.relays[usize::from(index)] = Relay::Idle,
            Action::StopLooker => next.looker = Looker::Idle,
        }
        Some(next)
    }
}

/// Whoever comes for the first time, or not, comes in either of these: more than can happen. Whatever
/// is claimed in the turn between them can be claimed in the last, with the same effect.
const TURNS: [Turn; 2] = [Turn::Together, Turn::Last];

/// Whatever a worker may do, of which [`worker::step`] takes what fits.
fn steps(worker: Worker) -> Vec<Step> {
    let fates = Fate::ALL.into_iter();
    match worker {
        Worker::Idle => {
            let messages = [Message::Reference, Message::Whole].into_iter();
            let received = messages.flat_map(|message| TURNS.map(|turn| (message, turn)));
            let received: Vec<_> = received.collect();
            fates
                .flat_map(|fate| {
                    let received = received.iter();
                    received.map(move |(message, turn)| Step::Receive(*message, *turn, fate))
                })
                .collect()
        }
        Worker::Settling { .. } => fates
            .flat_map(|fate| Decision::ALL.map(|decision| Step::Settle(decision, fate)))
            .collect(),
        _ => fates.map(Step::Go).collect(),
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        self.skews.iter().map(|skew| World::new(*skew)).collect()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend([Action::Tick, Action::Expire, Action::StopLooker]);
        actions.extend(Fate::ALL.map(Action::Looker));
        for index in 0..self.crew.receivers {
            actions.extend(Fate::ALL.map(|fate| Action::Receiver(index, fate)));
            actions.push(Action::StopReceiver(index));
        }
        for index in 0..self.crew.workers {
            let steps = steps(world.workers[usize::from(index)]).into_iter();
            actions.extend(steps.map(|step| Action::Worker(index, step)));
            actions.push(Action::StopWorker(index));
        }
        for index in 0..self.crew.relays {
            actions.extend(Fate::ALL.map(|fate| Action::Relay(index, true, fate)));
            actions.extend(Fate::ALL.map(|fate| Action::Relay(index, false, fate)));
            actions.push(Action::StopRelay(index));
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let next = self.after(world, action)?.canonical();
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::promises::properties()
    }
}
