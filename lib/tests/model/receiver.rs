//! A receiver at a delivery of the event: `receive.rs`, from `keep` on.
//!
//! Counting a duplicate and keeping the receipt for longer are left out: they write nothing that the
//! protocol reads. The answer goes
//! with the call before it, because to end between the two is to lose that call's answer.

use crate::fate::Fate;
use crate::item::Token;
use crate::ledger::Write;
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::world::{Queue, World};

/// What a receiver does next. Whoever is idle can get a delivery at any time: providers repeat
/// what was not acknowledged, and people what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Receiver {
    Idle,
    /// It has asked to record the event, and asks again.
    Recording,
    Reopening,
    Sending,
    /// Whether the delivery came after the event had failed, and the event is failed still.
    SendingWhole {
        redelivery: bool,
    },
}

impl Receiver {
    /// The event is not, or not any more, what it was when the delivery came.
    pub(crate) fn outdate(&mut self) {
        if let Self::SendingWhole { redelivery } = self {
            *redelivery = false;
        }
    }

    /// To send what was sent before changes nothing.
    pub(crate) fn plain(self, queue: Queue) -> Self {
        match self {
            Self::Sending if queue.reference => Self::Idle,
            Self::SendingWhole { redelivery: true } if queue.redelivery => Self::Idle,
            Self::SendingWhole { redelivery: false } if queue.whole => Self::Idle,
            other => other,
        }
    }
}

/// One step of one receiver.
pub(crate) fn step(protocol: &Protocol, world: &World, index: u8, fate: Fate) -> Option<World> {
    let receiver = world.receivers[usize::from(index)];
    let mut world = world.clone();
    let next = match receiver {
        Receiver::Idle | Receiver::Recording => record(protocol, &mut world, index, fate)?,
        Receiver::Reopening => reopen(protocol, &mut world, index, fate)?,
        Receiver::Sending => send(&mut world, fate)?,
        Receiver::SendingWhole { redelivery } => {
            send_whole(protocol, &mut world, redelivery, fate)?
        }
    };
    // Every call has a token of its own; the same one comes again with `Fate::Repeated` alone.
    if fate != Fate::Repeated {
        world.forget(Token::Receiver(index));
    }
    world.receivers[usize::from(index)] = next;
    Some(world)
}

fn record(protocol: &Protocol, world: &mut World, index: u8, fate: Fate) -> Option<Receiver> {
    let token = Token::Receiver(index);
    if protocol.mutant == Some(Mutant::AnswersFirst) {
        world.acknowledge();
    }
    // No provider sends an event for so long.
    (!world.old).then_some(())?;
    let (there, failed) = (world.receipt, world.failed());
    let written = protocol.recorded(world, token, fate);
    Some(match (fate, there) {
        (Fate::Repeated, _) => return written.then_some(Receiver::Recording),
        (Fate::Lost | Fate::Refused, _) => Receiver::SendingWhole { redelivery: failed },
        (Fate::Answered, _) if written || there == Some(token) => sending(world),
        // The state is read together with the put's answer: whoever finds it failed has still to win.
        (Fate::Answered, _) if failed => Receiver::Reopening,
        (Fate::Answered, _) => {
            world.acknowledge();
            Receiver::Idle
        }
    })
}

fn reopen(protocol: &Protocol, world: &mut World, index: u8, fate: Fate) -> Option<Receiver> {
    let token = Token::Receiver(index);
    let there = world.state;
    let written = protocol.made(world, Write::Reopen { token, clock: 0 }, fate);
    Some(match fate {
        Fate::Repeated => return written.then_some(Receiver::Reopening),
        // 503: the sender is told that it failed.
        Fate::Lost | Fate::Refused => Receiver::Idle,
        Fate::Answered if written || there.is_some_and(|state| state.token == token) => {
            sending(world)
        }
        Fate::Answered => {
            world.acknowledge();
            Receiver::Idle
        }
    })
}

/// Whatever becomes of the sending, the answer is a 2xx.
fn sending(world: &mut World) -> Receiver {
    world.acknowledge();
    Receiver::Sending
}

fn send(world: &mut World, fate: Fate) -> Option<Receiver> {
    world.queue.reference |= fate.made();
    (fate == Fate::Answered).then_some(Receiver::Idle)
}

fn send_whole(
    protocol: &Protocol,
    world: &mut World,
    redelivery: bool,
    fate: Fate,
) -> Option<Receiver> {
    match protocol.mutant {
        Some(Mutant::SendsReferenceInOutage) => world.queue.reference |= fate.made(),
        _ => {
            world.queue.whole |= fate.made();
            world.queue.redelivery |= fate.made() && redelivery;
        }
    }
    if fate == Fate::Answered {
        world.acknowledge();
        world.broken.dropped |= redelivery && !world.queue.redelivery;
    }
    (fate != Fate::Repeated).then_some(Receiver::Idle)
}
