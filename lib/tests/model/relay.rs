//! A relay's run: `relay.rs`.

use crate::fate::Fate;
use crate::ledger::{Seen, Write};
use crate::moment::{STEP, Seconds};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::world::{Queue, World};

/// What a relay does next. `began` is what it takes for the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Relay {
    Idle,
    /// It has read that the event is overdue. Whether it seems to be in the queue is known when it is
    /// moved on.
    Postponing {
        began: Seconds,
    },
    /// It has moved the event on to `next`.
    Sending {
        began: Seconds,
        next: Seconds,
    },
    /// The queue has not taken the message, or has not said so.
    Restoring {
        began: Seconds,
        next: Seconds,
    },
}

/// What every relay has read of an overdue event: times that have passed are not told apart. So a
/// relay may move on an event that has become overdue once more since it was read, which a real
/// one leaves to the next; and its first pause is its only one.
const SEEN: Seen = Seen {
    overdue_at: 0,
    due_at: 0,
};

impl Relay {
    /// Time goes on. A run's limit is less than a step, so one may see the time move on once.
    pub(crate) fn tick(&mut self) {
        let (began, later) = (-STEP, |time: Seconds| time - STEP);
        *self = match *self {
            Self::Postponing { began: 0 } => Self::Postponing { began },
            Self::Sending { began: 0, next } => Self::Sending {
                began,
                next: later(next),
            },
            Self::Restoring { began: 0, next } => Self::Restoring {
                began,
                next: later(next),
            },
            _ => Self::Idle,
        };
    }

    /// To send what was sent before changes nothing; whether the relay is told may. And what is
    /// not open any more is neither moved on nor back.
    pub(crate) fn plain(self, queue: Queue, open: bool) -> Self {
        match self {
            Self::Sending { began, next } if queue.reference => {
                Self::Restoring { began, next }.plain(queue, open)
            }
            Self::Postponing { .. } | Self::Restoring { .. } if !open => Self::Idle,
            other => other,
        }
    }
}

/// One step of one relay; `sends` says whether it takes the event for lost or for one in the queue.
pub(crate) fn step(
    protocol: &Protocol,
    world: &World,
    index: u8,
    sends: bool,
    fate: Fate,
) -> Option<World> {
    let mut world = world.clone();
    let relay = world.relays[usize::from(index)];
    let next = match relay {
        Relay::Postponing { began } => postpone(protocol, &mut world, began, sends, fate)?,
        _ if !sends => return None,
        Relay::Idle => look(protocol, &mut world, fate)?,
        Relay::Sending { began, next } => {
            world.queue.reference |= fate.made();
            match fate {
                Fate::Answered => Relay::Idle,
                Fate::Repeated => relay,
                Fate::Lost | Fate::Refused => Relay::Restoring { began, next },
            }
        }
        Relay::Restoring { next, .. } => {
            let written = restore(protocol, &mut world, next, fate);
            match fate {
                Fate::Repeated => written.then_some(relay)?,
                Fate::Answered | Fate::Lost | Fate::Refused => Relay::Idle,
            }
        }
    };
    world.relays[usize::from(index)] = next;
    Some(world)
}

fn look(protocol: &Protocol, world: &mut World, fate: Fate) -> Option<Relay> {
    let state = world.state.filter(|state| protocol.ledger.overdue(state))?;
    if fate != Fate::Answered || protocol.mutant == Some(Mutant::NoRelay) {
        return None;
    }
    let began = 0;
    if protocol.mutant == Some(Mutant::NeverPostpones) {
        return send_next(world, state.overdue_at, began);
    }
    assert_eq!(state.overdue_at, Some(SEEN.overdue_at), "it is overdue");
    Some(Relay::Postponing { began })
}

fn postpone(
    protocol: &Protocol,
    world: &mut World,
    began: Seconds,
    sends: bool,
    fate: Fate,
) -> Option<Relay> {
    let before = world.state?;
    let write = Write::Postpone {
        seen: SEEN,
        sends,
        clock: began,
    };
    let written = protocol.made(world, write, fate);
    match fate {
        Fate::Answered if written && sends => send_next(world, before.overdue_at, began),
        // Asked once more it is refused, because it went through the first time.
        Fate::Answered | Fate::Lost => Some(Relay::Idle),
        Fate::Repeated | Fate::Refused => None,
    }
}

/// The event was overdue `before`, and must not be any more.
fn send_next(world: &mut World, before: Option<Seconds>, began: Seconds) -> Option<Relay> {
    let overdue = |time: Option<Seconds>| time.is_some_and(|time| time <= 0);
    let next = world.state.and_then(|state| state.overdue_at);
    world.broken.sent_early |= !overdue(before) || overdue(next);
    next.map(|next| Relay::Sending { began, next })
}

/// Says whether it was written. If the event is not overdue, it waits for this relay's own pause.
fn restore(protocol: &Protocol, world: &mut World, next: Seconds, fate: Fate) -> bool {
    let before = world.state.and_then(|state| state.overdue_at);
    let write = Write::Restore { seen: SEEN, next };
    let written = protocol.made(world, write, fate);
    let another = |time: Seconds| time > 0 && time != next;
    world.broken.sent_early |= written && before.is_some_and(another);
    written
}
