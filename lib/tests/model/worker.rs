//! A processor at a message: `process.rs`.

use webhooks::ledger::Status;

use crate::fate::Fate;
use crate::item::{Item, Token};
use crate::ledger::Write;
use crate::moment::{LONG_AGO, Seconds};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::world::World;

/// The setting of that name. With two there is a first, a last and one too many.
pub(crate) const MAX_ATTEMPTS: u8 = 2;

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    Idle,
    /// It has asked for the event, and asks again.
    Claiming {
        age: u8,
    },
    /// The ledger has no such event, and the message has.
    Recording,
    /// The event has failed, and the message was received after that.
    Reopening,
    /// Its claim was answered with the number of the attempt.
    Settling {
        attempt: u8,
        age: u8,
    },
    /// It has settled the attempt, and asks again.
    SettlingAgain {
        decision: Decision,
    },
}

/// What a message has of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Reference,
    Whole,
}

/// How an attempt ends, which shows when it is settled. That the handler's writes are refused is a
/// retry, a moment later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Decision {
    Done,
    Ignored,
    Retry,
    Released,
    Failed,
}

impl Decision {
    pub(crate) const ALL: [Self; 5] = [
        Self::Done,
        Self::Ignored,
        Self::Retry,
        Self::Released,
        Self::Failed,
    ];

    /// Whether an attempt of that number can end so.
    fn possible(self, attempt: u8) -> bool {
        match self {
            Self::Failed => true,
            Self::Retry => attempt < MAX_ATTEMPTS,
            Self::Done | Self::Ignored | Self::Released => attempt <= MAX_ATTEMPTS,
        }
    }
}

/// Steps of time after which an invocation is over: what it has sent may still arrive.
const LATE: u8 = 2;

impl Worker {
    /// Time goes on. An invocation's limit is one step, so its second step is past its end.
    pub(crate) fn tick(&mut self) {
        if let Self::Claiming { age } | Self::Settling { age, .. } = self {
            *age = LATE.min(*age + 1);
        }
    }

    /// Whether its claim was answered and it has not ended.
    pub(crate) fn at_work(self) -> bool {
        matches!(self, Self::Settling { .. } | Self::SettlingAgain { .. })
    }

    /// It is not its event any more: whatever it settles makes no difference.
    pub(crate) fn supersede(&mut self) {
        if self.at_work() {
            *self = Self::Settling {
                attempt: 1,
                age: LATE,
            };
        }
    }

    fn in_time(self) -> bool {
        matches!(self, Self::Settling { age, .. } if age < LATE)
    }
}

/// One step of one worker: idle, it takes a message; and once its claim is answered it runs the
/// handler and settles. To end between the two is to lose the claim's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Receive(Message, Fate),
    Go(Fate),
    Settle(Decision, Fate),
}

/// Takes the step, if it can be taken.
pub(crate) fn step(protocol: &Protocol, world: &World, index: u8, step: Step) -> Option<World> {
    let mut world = world.clone();
    let there = &mut world;
    let (next, fate) = match (there.workers[usize::from(index)], step) {
        (Worker::Idle, Step::Receive(message, fate)) => {
            (receive(protocol, there, index, message, fate)?, fate)
        }
        (Worker::Claiming { age }, Step::Go(fate)) => {
            (claim(protocol, there, index, age, fate)?, fate)
        }
        (Worker::Recording, Step::Go(fate)) => (record(protocol, there, index, fate)?, fate),
        (Worker::Reopening, Step::Go(fate)) => (reopen(protocol, there, index, fate)?, fate),
        (Worker::Settling { attempt, .. }, Step::Settle(decision, fate)) => {
            decision.possible(attempt).then_some(())?;
            if decision == Decision::Done && protocol.mutant == Some(Mutant::EffectApart) {
                there.effect();
            }
            (settle(protocol, there, index, decision, fate)?, fate)
        }
        (Worker::SettlingAgain { decision }, Step::Go(fate)) => {
            (settle(protocol, there, index, decision, fate)?, fate)
        }
        _ => return None,
    };
    // Every call has a token of its own; the claim's is the attempt's.
    if !next.at_work() && fate != Fate::Repeated {
        world.forget(Token::Worker(index));
    }
    world.workers[usize::from(index)] = next;
    Some(world)
}

fn receive(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    message: Message,
    fate: Fate,
) -> Option<Worker> {
    let there = match message {
        Message::Reference => world.queue.reference,
        Message::Whole => world.queue.whole,
    };
    there.then_some(())?;
    let next = claim(protocol, world, index, 0, fate)?;
    Some(match (next, message, fate) {
        (Worker::Idle, Message::Whole, Fate::Answered) => whole(protocol, world),
        _ => next,
    })
}

fn claim(protocol: &Protocol, world: &mut World, index: u8, age: u8, fate: Fate) -> Option<Worker> {
    let token = Token::Worker(index);
    let taken = taken_in_time(world, index);
    let write = Write::Claim {
        token,
        clock: clock(world, index),
    };
    let written = protocol.made(world, write, fate);
    if written {
        world.broken.interrupted |= taken;
        world.holder = Some(index);
    }
    let mine = |item: &Item| item.token == token && item.status == Status::Processing;
    Some(match (fate, world.item) {
        (Fate::Repeated, _) => return written.then_some(Worker::Claiming { age }),
        (Fate::Lost | Fate::Refused, _) => Worker::Idle,
        (Fate::Answered, Some(item)) if written || mine(&item) => Worker::Settling {
            attempt: item.attempts,
            age,
        },
        // Leased, ended or unknown.
        (Fate::Answered, _) => Worker::Idle,
    })
}

/// Whether another attempt has the event and is still in its time.
fn taken_in_time(world: &World, by: u8) -> bool {
    let other = 1 - by;
    let taken =
        |item: Item| item.status == Status::Processing && item.token == Token::Worker(other);
    world.item.is_some_and(taken) && world.workers[usize::from(other)].in_time()
}

fn clock(world: &World, index: u8) -> Seconds {
    match index {
        0 => 0,
        _ => world.skew,
    }
}

/// What a whole message does whose event cannot be claimed. Whether it was received after the event
/// had failed is read together with the claim's answer: should the event move on in between, it
/// is not the message any more that has to start it.
fn whole(protocol: &Protocol, world: &mut World) -> Worker {
    match world.item {
        None if protocol.mutant == Some(Mutant::DropsWhole) => {
            world.queue.whole = false;
            world.broken.lost = true;
            Worker::Idle
        }
        None => Worker::Recording,
        Some(_) if protocol.mutant == Some(Mutant::LeavesFailed) => Worker::Idle,
        Some(item) if item.failed() && world.queue.redelivery => Worker::Reopening,
        // Leased, ended well, or failed after the message was received.
        Some(_) => Worker::Idle,
    }
}

/// The message has waited, so the event is old.
fn record(protocol: &Protocol, world: &mut World, index: u8, fate: Fate) -> Option<Worker> {
    let write = Write::Record {
        token: Token::Worker(index),
        received_at: LONG_AGO,
    };
    protocol.made(world, write, fate);
    match fate {
        // Whether it is new or was there already, it can be claimed.
        Fate::Answered => Some(Worker::Claiming { age: 0 }),
        Fate::Lost | Fate::Refused => Some(Worker::Idle),
        Fate::Repeated => None,
    }
}

fn reopen(protocol: &Protocol, world: &mut World, index: u8, fate: Fate) -> Option<Worker> {
    let write = Write::Reopen {
        token: Token::Worker(index),
        clock: clock(world, index),
    };
    let written = protocol.made(world, write, fate);
    match fate {
        // Whoever has started it again, it can be claimed.
        Fate::Answered => Some(Worker::Claiming { age: 0 }),
        Fate::Lost | Fate::Refused => Some(Worker::Idle),
        Fate::Repeated => written.then_some(Worker::Reopening),
    }
}

/// Whether the answer is that it is written, or that it is another's, the worker has finished.
fn settle(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    decision: Decision,
    fate: Fate,
) -> Option<Worker> {
    let write = Write::Settle {
        token: Token::Worker(index),
        decision,
        clock: clock(world, index),
    };
    let written = protocol.made(world, write, fate);
    if written {
        world.broken.overwritten |= world.holder != Some(index);
        world.holder = None;
    }
    if written && decision == Decision::Done {
        match protocol.mutant {
            Some(Mutant::EffectApart) => {}
            // The attempt ends here, before the calls that it would make now.
            Some(Mutant::CallsLast) => world.broken.not_called |= fate == Fate::Lost,
            _ => world.effect(),
        }
    }
    match fate {
        Fate::Repeated => written.then_some(Worker::SettlingAgain { decision }),
        Fate::Answered | Fate::Lost | Fate::Refused => Some(Worker::Idle),
    }
}
