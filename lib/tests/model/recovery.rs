//! What becomes of a state when nothing fails any more, and the provider does nothing.
//!
//! The worst is taken: every process has stopped where it was, and every message that names the
//! event is lost. A message that carries it is not: until the event is recorded it is the event, as
//! the receipt is later. Should it be in the dead-letter queue, an operator puts it back.

use webhooks::ledger::{Status, Turn};

use crate::fate::Fate;
use crate::item::Token;
use crate::protocol::{Action, Protocol};
use crate::relay::Relay;
use crate::worker::{Decision, Message, Step, Worker};
use crate::world::{Queue, World};

/// Steps of time in which every event has ended: a lease, and the longest pause of the relay.
const STEPS: u8 = 10;

impl Protocol {
    /// Whether relay and processor alone bring the event to an end.
    pub(crate) fn recovers(&self, world: &World) -> bool {
        let queue = Queue {
            whole: world.queue.whole && world.receipt.is_none() && !world.old,
            ..Queue::default()
        };
        let left = left(world, queue);
        let key = (
            left.receipt.is_some(),
            left.state,
            left.told,
            left.queue.whole,
        );
        if left.receipt.is_none() && !left.queue.whole {
            return true;
        }
        self.recoveries.recall(key, || self.ends(left))
    }

    /// Whether a redelivery that waits in the queue leads to another attempt.
    pub(crate) fn tries_again(&self, world: &World) -> bool {
        if !world.queue.redelivery {
            return true;
        }
        let mut left = left(world, world.queue);
        self.process(&mut left);
        // That it is done is the work of an attempt.
        left.end == Some(Status::Done)
    }

    fn ends(&self, mut world: World) -> bool {
        for _ in 0..STEPS {
            self.look(&mut world);
            self.relay(&mut world);
            self.process(&mut world);
            if world.ended() {
                return true;
            }
            world.tick();
        }
        false
    }

    fn look(&self, world: &mut World) {
        while let Some(next) = self.after(world, Action::Looker(Fate::Answered)) {
            *world = next;
        }
    }

    fn relay(&self, world: &mut World) {
        while let Some(next) = self.after(world, Action::Relay(0, true, Fate::Answered)) {
            *world = next;
            if world.relays[0] == Relay::Idle {
                break;
            }
        }
    }

    fn process(&self, world: &mut World) {
        let steps = [
            Step::Go(Fate::Answered),
            Step::Settle(Decision::Done, Fate::Answered),
            Step::Settle(Decision::Failed, Fate::Answered),
        ];
        for message in [Message::Reference, Message::Whole] {
            // A message is received in the first turn; what is for a later one comes then.
            for turn in [Turn::Together, Turn::Last] {
                self.take(world, &[Step::Receive(message, turn, Fate::Answered)]);
                while world.workers[0] != Worker::Idle {
                    self.take(world, &steps);
                }
            }
        }
        // The messages have been received, and are gone.
        world.queue = Queue::default();
    }

    /// The first of these steps that is possible.
    fn take(&self, world: &mut World, steps: &[Step]) {
        let after = |step: &Step| self.after(world, Action::Worker(0, *step));
        if let Some(next) = steps.iter().find_map(after) {
            *world = next;
        }
    }
}

/// The event and these messages, with nobody at work.
fn left(world: &World, queue: Queue) -> World {
    let mut left = World::new(0);
    left.receipt = world.receipt;
    left.state = world.state;
    left.told = world.told;
    left.queue = queue;
    for index in [0, 1] {
        left.forget(Token::Receiver(index));
        left.forget(Token::Worker(index));
    }
    left
}
