//! What always holds, and what the search must have come across to mean anything.

use stateright::Property;
use webhooks::ledger::Status;

use crate::item::{Half, State};
use crate::looker::Looker;
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
pub(crate) const WAITS: &str = "no attempt begins before its time";
pub(crate) const COUNTED: &str = "attempts are counted, and those of a former life are not";
pub(crate) const LISTED: &str = "what has ended is in no relay's index";
pub(crate) const STAYS: &str = "what has not ended does not expire";
pub(crate) const AGAIN: &str = "an accepted redelivery of a failed event is not dropped";

type Promise = Property<Protocol>;

/// All of them.
pub(crate) fn properties() -> Vec<Promise> {
    vec![
        Promise::always(KEPT, |_, world| {
            !world.broken.lost && (world.receipt.is_none() || world.recorded())
        }),
        Promise::always(ENDS, |protocol, world| protocol.recovers(world)),
        Promise::always(ONCE, |_, world| world.effects <= 1),
        Promise::always(CALLED, |_, world| !world.broken.not_called),
        Promise::always(FINAL, |_, world| {
            let status = world.state.map(|state| state.status);
            world.end.is_none() || status.is_none() || status == world.end
        }),
        Promise::always(WAITS, |_, world| !world.broken.early),
        Promise::always(COUNTED, |_, world| {
            world
                .state
                .is_none_or(|state| state.attempts == world.tries)
        }),
        Promise::always(LISTED, |_, world| {
            let open = |state: State| state.listed == Some(Half::Open);
            !world
                .state
                .is_some_and(|state| state.status.has_ended() && open(state))
        }),
        Promise::always(STAYS, |_, world| {
            world
                .state
                .is_none_or(|state| state.status.has_ended() == state.expires)
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
            let used_up = |state: State| state.failed() && state.attempts == too_many;
            world.state.is_some_and(used_up)
        }),
        Promise::sometimes("a message brings the event to the ledger", |_, world| {
            let recording = |worker: &Worker| matches!(worker, Worker::Recording { .. });
            world.workers.iter().any(recording)
        }),
        Promise::sometimes("a message starts a failed event again", |_, world| {
            let reopening = |worker: &Worker| matches!(worker, Worker::Reopening { .. });
            world.workers.iter().any(reopening)
        }),
        Promise::sometimes("an attempt that did not count is put back", |_, world| {
            let released = |worker: &Worker| {
                let decision = Decision::Released;
                matches!(worker, Worker::SettlingAgain { decision: how, .. } if *how == decision)
            };
            world.workers.iter().any(released)
        }),
        Promise::sometimes("the look finds an attempt that goes on", |_, world| {
            world.looker == Looker::Watching
        }),
        Promise::sometimes("an old message finds nothing", |_, world| {
            world.old && world.state.is_none() && world.queue.reference
        }),
        Promise::sometimes("a relay takes a postponement back", |_, world| {
            let restoring = |relay: &Relay| matches!(relay, Relay::Restoring { .. });
            world.relays.iter().any(restoring)
        }),
    ]
}
