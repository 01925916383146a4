//! The relay's look at what was recorded: `relay/look.rs`. It comes any time after the receipt.

use webhooks::ledger::Status;

use crate::fate::Fate;
use crate::ledger::Write;
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::world::World;

/// What the look does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Looker {
    Idle,
    /// It has seen that nobody has taken the event.
    Missing,
    /// It has seen that an attempt has it.
    Watching,
}

/// One step of the look. One that fails is made again, because the stream's batch comes again.
pub(crate) fn step(protocol: &Protocol, world: &World, fate: Fate) -> Option<World> {
    let mut world = world.clone();
    world.told.then_some(())?;
    let write = match world.looker {
        Looker::Idle => return look(protocol, world, fate),
        Looker::Missing => Write::Miss,
        Looker::Watching => Write::Watch,
    };
    let written = protocol.made(&mut world, write, fate);
    match fate {
        Fate::Answered if written || protocol.mutant == Some(Mutant::LooksOnce) => {
            world.told = false;
            world.looker = Looker::Idle;
        }
        // It has gone on since it was looked at, and is looked at again.
        Fate::Answered | Fate::Lost | Fate::Refused => world.looker = Looker::Idle,
        Fate::Repeated => return None,
    }
    Some(world)
}

fn look(protocol: &Protocol, mut world: World, fate: Fate) -> Option<World> {
    (fate == Fate::Answered && protocol.mutant != Some(Mutant::NoLook)).then_some(())?;
    world.looker = match world.state {
        None => Looker::Missing,
        Some(state) if state.status == Status::Processing && state.listed.is_none() => {
            Looker::Watching
        }
        Some(_) => Looker::Idle,
    };
    world.told = world.looker != Looker::Idle;
    Some(world)
}
