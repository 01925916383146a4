//! What becomes of a state when nothing fails any more, and the provider does nothing.
//!
//! The worst is taken: every process has stopped where it was, and every message that names the
//! event is lost. A message that carries it is not: until the event is recorded it is the event, as
//! the item is later. Should it be in the dead-letter queue, an operator puts it back.

use crate::fate::Fate;
use crate::item::Token;
use crate::protocol::{Action, Protocol};
use crate::relay::Relay;
use crate::worker::{Decision, Message, Step, Worker};
use crate::world::{Queue, World};

/// Steps of time in which every event has ended: a lease, and the longest pause of the relay.
const PATIENCE: u8 = 10;

impl Protocol {
    /// Whether relay and processor alone bring the event to an end.
    pub(crate) fn recovers(&self, world: &World) -> bool {
        let mut left = World::new(0);
        left.item = world.item;
        left.queue.whole = world.queue.whole && world.item.is_none();
        for index in [0, 1] {
            left.forget(Token::Receiver(index));
            left.forget(Token::Worker(index));
        }
        let key = (left.item, left.queue.whole);
        if key == (None, false) {
            return true;
        }
        self.recoveries.recall(key, || self.ends(left))
    }

    fn ends(&self, mut world: World) -> bool {
        for _ in 0..PATIENCE {
            self.relay(&mut world);
            self.process(&mut world);
            if world.item.is_some_and(|item| item.ended()) {
                return true;
            }
            world.tick();
        }
        false
    }

    fn relay(&self, world: &mut World) {
        while let Some(next) = self.after(world, Action::Relay(0, Fate::Answered)) {
            *world = next;
            if world.relays[0] == Relay::Idle {
                break;
            }
        }
    }

    fn process(&self, world: &mut World) {
        for message in [Message::Reference, Message::Whole] {
            let claims = [Decision::Done, Decision::Failed];
            let steps = claims.map(|decision| Step::Receive(message, Fate::Answered, decision));
            self.take(world, &steps);
            while world.workers[0] != Worker::Idle {
                let claims = claims.map(|decision| Step::Claim(Fate::Answered, decision));
                let [claim, surrender] = claims;
                self.take(world, &[Step::Go(Fate::Answered), claim, surrender]);
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
