//! What always holds, and what the search must have come across to mean anything.

use stateright::Property;
use webhooks::ledger::Status;

use crate::item::Item;
use crate::protocol::Protocol;
use crate::relay::Relay;
use crate::worker::{Decision, MAX_ATTEMPTS, Worker};

pub(crate) const KEPT: &str = "what was acknowledged is kept";
pub(crate) const ENDS: &str = "every event comes to an end without its provider";
pub(crate) const ONCE: &str = "the handler's writes are made once";
pub(crate) const CALLED: &str = "the handler's calls are made before the event is done";
pub(crate) const FINAL: &str = "done and ignored are final";
pub(crate) const SUCCESSOR: &str = "no attempt overwrites its successor";
pub(crate) const LEASE: &str = "no attempt loses the event in its time";
pub(crate) const PAUSE: &str = "nothing is sent again before its pause is over";
pub(crate) const AGAIN: &str = "an accepted redelivery of a failed event is not dropped";

type Promise = Property<Protocol>;

/// All of them.
pub(crate) fn properties() -> Vec<Promise> {
    vec![
        Promise::always(KEPT, |_, world| {
            !world.broken.lost && (world.item.is_none() || world.recorded())
        }),
        Promise::always(ENDS, |protocol, world| protocol.recovers(world)),
        Promise::always(ONCE, |_, world| world.effects <= 1),
        Promise::always(CALLED, |_, world| !world.broken.not_called),
        Promise::always(FINAL, |_, world| {
            let status = world.item.map(|item| item.status);
            world.end.is_none() || status.is_none() || status == world.end
        }),
        Promise::always(SUCCESSOR, |_, world| !world.broken.overwritten),
        Promise::always(LEASE, |_, world| !world.broken.interrupted),
        Promise::always(PAUSE, |_, world| !world.broken.sent_early),
        Promise::always(AGAIN, |protocol, world| {
            !world.broken.dropped && protocol.tries_again(world)
        }),
        Promise::sometimes(
            "the event is done, and its handler's writes are made",
            |_, world| world.end == Some(Status::Done) && world.effects == 1,
        ),
        Promise::sometimes("an attempt takes over from one that goes on", |_, world| {
            world.workers.into_iter().all(Worker::at_work)
        }),
        Promise::sometimes("the attempts are used up", |_, world| {
            let too_many = MAX_ATTEMPTS + 1;
            let item = |item: Item| item.status == Status::Failed && item.attempts == too_many;
            world.item.is_some_and(item)
        }),
        Promise::sometimes("a message brings the event to the ledger", |_, world| {
            world.workers.contains(&Worker::Recording)
        }),
        Promise::sometimes("a message starts a failed event again", |_, world| {
            world.workers.contains(&Worker::Reopening)
        }),
        Promise::sometimes("an attempt that did not count is put back", |_, world| {
            let decision = Decision::Released;
            world.workers.contains(&Worker::SettlingAgain { decision })
        }),
        Promise::sometimes("a relay takes a postponement back", |_, world| {
            let restoring = |relay: &Relay| matches!(relay, Relay::Restoring { .. });
            world.relays.iter().any(restoring)
        }),
    ]
}
