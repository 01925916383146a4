//! A processor at a message: `process.rs`.

use webhooks::ledger::{Status, Turn};

use crate::fate::Fate;
use crate::item::{State, Token};
use crate::ledger::Write;
use crate::moment::Seconds;
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::world::World;

/// The setting of that name. With two there is a first, a last and one too many.
pub(crate) const MAX_ATTEMPTS: u8 = 2;

/// What an attempt has found: attempts that count, and whether it is alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Hold {
    pub(crate) attempts: u8,
    pub(crate) alone: bool,
    /// Whether the model has counted it at the claim. Where the protocol is right that is the same.
    counted: bool,
}

impl Hold {
    fn number(self) -> u8 {
        self.attempts + u8::from(!self.alone)
    }
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    Idle,
    /// It has asked for the event, and asks again; or it has recorded it or started it again.
    Claiming {
        turn: Turn,
        whole: bool,
        age: u8,
    },
    /// It has asked to record the event, and asks again.
    Recording {
        turn: Turn,
    },
    /// The event has failed, and the message was received after that.
    Reopening {
        turn: Turn,
    },
    /// Its claim was answered.
    Settling {
        hold: Hold,
        age: u8,
    },
    /// It has settled the attempt, and asks again.
    SettlingAgain {
        hold: Hold,
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

    fn puts_off(self) -> bool {
        matches!(self, Self::Retry | Self::Released)
    }
}

/// Steps of time after which an invocation is over: what it has sent may still arrive.
const LATE: u8 = 2;

impl Worker {
    /// Time goes on. An invocation's limit is one step, so its second step is past its end.
    pub(crate) fn tick(&mut self) {
        if let Self::Claiming { age, .. } | Self::Settling { age, .. } = self {
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
                hold: Hold::default(),
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
    Receive(Message, Turn, Fate),
    Go(Fate),
    Settle(Decision, Fate),
}

/// Takes the step, if it can be taken.
pub(crate) fn step(protocol: &Protocol, world: &World, index: u8, step: Step) -> Option<World> {
    let mut world = world.clone();
    let there = &mut world;
    let (next, fate) = match (there.workers[usize::from(index)], step) {
        (Worker::Idle, Step::Receive(message, turn, fate)) => {
            let next = match message {
                Message::Reference => receive(protocol, there, index, turn, fate)?,
                Message::Whole => receive_whole(protocol, there, index, turn, fate)?,
            };
            (next, fate)
        }
        (Worker::Claiming { turn, whole, age }, Step::Go(fate)) => (
            claim(protocol, there, index, (turn, whole, age), fate)?,
            fate,
        ),
        (Worker::Recording { turn }, Step::Go(fate)) => {
            (record(protocol, there, index, turn, fate)?, fate)
        }
        (Worker::Reopening { turn }, Step::Go(fate)) => {
            (reopen(protocol, there, index, turn, fate)?, fate)
        }
        (Worker::Settling { hold, .. }, Step::Settle(decision, fate)) => {
            decision.possible(hold.number()).then_some(())?;
            if decision == Decision::Done && protocol.mutant == Some(Mutant::EffectApart) {
                there.effect();
            }
            (settle(protocol, there, index, hold, decision, fate)?, fate)
        }
        (Worker::SettlingAgain { hold, decision }, Step::Go(fate)) => {
            (settle(protocol, there, index, hold, decision, fate)?, fate)
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

/// An old message counts only if the ledger still has the receipt.
fn receive(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    turn: Turn,
    fate: Fate,
) -> Option<Worker> {
    world.queue.reference.then_some(())?;
    let trusts = protocol.mutant == Some(Mutant::TrustsOldMessages);
    (!world.old || world.receipt.is_some() || trusts).then_some(())?;
    claim(protocol, world, index, (turn, false, 0), fate)
}

fn receive_whole(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    turn: Turn,
    fate: Fate,
) -> Option<Worker> {
    (world.queue.whole && !world.old).then_some(())?;
    if protocol.mutant == Some(Mutant::DropsWhole) && world.receipt.is_none() {
        world.queue.whole = false;
        world.broken.lost = true;
        return Some(Worker::Idle);
    }
    record(protocol, world, index, turn, fate)
}

fn claim(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    (turn, whole, age): (Turn, bool, u8),
    fate: Fate,
) -> Option<Worker> {
    let token = Token::Worker(index);
    let taken = taken_in_time(world, index);
    let (before, clock) = (world.state, clock(world, index));
    let written = protocol.made(world, Write::Claim { token, turn, clock }, fate);
    if written {
        let waits = |state: State| {
            state.status == Status::Waiting && state.due_at.is_some_and(|due| due > clock)
        };
        world.broken.interrupted |= taken;
        world.broken.early |= before.is_some_and(waits);
        world.holder = Some(index);
    }
    let mine = |state: &State| state.token == token && state.status == Status::Processing;
    Some(match (fate, world.state) {
        (Fate::Repeated, _) => return written.then_some(Worker::Claiming { turn, whole, age }),
        (Fate::Lost | Fate::Refused, _) => Worker::Idle,
        (Fate::Answered, Some(state)) if written || mine(&state) => Worker::Settling {
            hold: Hold {
                attempts: state.attempts,
                alone: state.alone,
                counted: turn.is_alone(),
            },
            age,
        },
        // Whether the message was received after the event had failed is read together with the claim's
        // answer: should the event move on in between, it is not the message any more that has to
        // start it.
        (Fate::Answered, Some(state))
            if whole
                && state.failed()
                && world.queue.redelivery
                && protocol.mutant != Some(Mutant::LeavesFailed) =>
        {
            Worker::Reopening { turn }
        }
        // Leased, waiting, for a later turn, or ended.
        (Fate::Answered, _) => Worker::Idle,
    })
}

/// Whether another attempt has the event and is still in its time.
fn taken_in_time(world: &World, by: u8) -> bool {
    let other = 1 - by;
    let taken =
        |state: State| state.status == Status::Processing && state.token == Token::Worker(other);
    world.state.is_some_and(taken) && world.workers[usize::from(other)].in_time()
}

fn clock(world: &World, index: u8) -> Seconds {
    match index {
        0 => 0,
        _ => world.skew,
    }
}

fn record(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    turn: Turn,
    fate: Fate,
) -> Option<Worker> {
    let written = protocol.recorded(world, Token::Worker(index), fate);
    match fate {
        // Whether it is new or was there already, it can be claimed.
        Fate::Answered => Some(Worker::Claiming {
            turn,
            whole: true,
            age: 0,
        }),
        Fate::Lost | Fate::Refused => Some(Worker::Idle),
        Fate::Repeated => written.then_some(Worker::Recording { turn }),
    }
}

fn reopen(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    turn: Turn,
    fate: Fate,
) -> Option<Worker> {
    let write = Write::Reopen {
        token: Token::Worker(index),
        clock: clock(world, index),
    };
    let written = protocol.made(world, write, fate);
    match fate {
        // Whoever has started it again, it can be claimed.
        Fate::Answered => Some(Worker::Claiming {
            turn,
            whole: false,
            age: 0,
        }),
        Fate::Lost | Fate::Refused => Some(Worker::Idle),
        Fate::Repeated => written.then_some(Worker::Reopening { turn }),
    }
}

/// Whether the answer is that it is written, or that it is another's, the worker has finished.
fn settle(
    protocol: &Protocol,
    world: &mut World,
    index: u8,
    hold: Hold,
    decision: Decision,
    fate: Fate,
) -> Option<Worker> {
    let clock = clock(world, index);
    let write = Write::Settle {
        token: Token::Worker(index),
        attempts: hold.attempts,
        alone: hold.alone,
        decision,
        clock,
    };
    let written = protocol.made(world, write, fate);
    if written {
        world.broken.overwritten |= world.holder != Some(index);
        world.holder = None;
        match (hold.counted, decision) {
            (true, Decision::Released) => world.count(-1),
            (true, _) | (false, Decision::Released) => {}
            (false, _) => world.count(1),
        }
        if decision.puts_off() {
            world.broken.early |= !world.state.is_some_and(|state| waits(state, clock));
        }
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
        Fate::Repeated => written.then_some(Worker::SettlingAgain { hold, decision }),
        Fate::Answered | Fate::Lost | Fate::Refused => Some(Worker::Idle),
    }
}

/// Whether nobody takes the event or sends it again for a while, which is less than a lease.
fn waits(state: State, clock: Seconds) -> bool {
    let pause = |due: Seconds| (1..75).contains(&(due - clock));
    let due = state.due_at.filter(|due| pause(*due));
    due.is_some_and(|due| state.overdue_at.is_some_and(|overdue| overdue >= due))
}
