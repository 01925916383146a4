//! A relay's run: `relay.rs`.

use crate::fate::Fate;
use crate::flaw::Flaw;
use crate::ledger::Write;
use crate::moment::{LONG_AGO, STEP, Seconds};
use crate::protocol::Protocol;
use crate::world::{Queue, World};

/// What a relay does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Relay {
    Idle,
    /// It has read that the event is overdue. `began` is what it takes for the present.
    Postponing {
        seen: Seconds,
        began: Seconds,
    },
    Sending,
}

impl Relay {
    /// Time goes on. A run's limit is less than a step, so one may see the time move on once.
    pub(crate) fn tick(&mut self) {
        *self = match *self {
            Self::Postponing { began: 0, seen } => Self::Postponing { began: -STEP, seen },
            Self::Postponing { .. } => Self::Idle,
            other => other,
        };
    }

    /// Once the event has another time, what was read never is its time again: times only grow.
    pub(crate) fn compare(&mut self, overdue_at: Option<Seconds>) {
        if let Self::Postponing { seen, .. } = self
            && overdue_at != Some(*seen)
        {
            *seen = LONG_AGO;
        }
    }

    /// To send what was sent before changes nothing.
    pub(crate) fn plain(self, queue: Queue) -> Self {
        match self {
            Self::Sending if queue.reference => Self::Idle,
            other => other,
        }
    }
}

/// One step of one relay.
pub(crate) fn step(protocol: &Protocol, world: &World, index: u8, fate: Fate) -> Option<World> {
    let mut world = world.clone();
    let next = match world.relays[usize::from(index)] {
        Relay::Idle => look(protocol, &mut world, fate)?,
        Relay::Postponing { seen, began } => postpone(protocol, &mut world, seen, began, fate)?,
        Relay::Sending => {
            world.queue.reference = true;
            (fate == Fate::Answered).then_some(Relay::Idle)?
        }
    };
    world.relays[usize::from(index)] = next;
    Some(world)
}

fn look(protocol: &Protocol, world: &mut World, fate: Fate) -> Option<Relay> {
    let item = world.item.filter(|item| protocol.ledger.overdue(item))?;
    if fate != Fate::Answered || protocol.flaw == Some(Flaw::NoRelay) {
        return None;
    }
    if protocol.flaw == Some(Flaw::NeverPostpones) {
        return Some(send_next(world, item.overdue_at));
    }
    Some(Relay::Postponing {
        seen: item.overdue_at?,
        began: 0,
    })
}

fn postpone(
    protocol: &Protocol,
    world: &mut World,
    seen: Seconds,
    began: Seconds,
    fate: Fate,
) -> Option<Relay> {
    let before = world.item?;
    let write = Write::Postpone { seen, clock: began };
    let written = protocol.made(world, write, fate);
    match fate {
        Fate::Answered if written => Some(send_next(world, before.overdue_at)),
        // Asked once more it is refused, because it went through the first time.
        Fate::Answered | Fate::Lost => Some(Relay::Idle),
        Fate::Repeated | Fate::Refused => None,
    }
}

/// The event was overdue `before`, and must not be any more.
fn send_next(world: &mut World, before: Option<Seconds>) -> Relay {
    let overdue = |time: Option<Seconds>| time.is_some_and(|time| time <= 0);
    let after = world.item.and_then(|item| item.overdue_at);
    world.broken.sent_early |= !overdue(before) || overdue(after);
    Relay::Sending
}
