//! Two events in one batch, one of which ends its process whenever its handler runs: the other must not
//! suffer. This is what turns are for (`process.rs`).
//!
//! The rest of the protocol stands in [`crate::protocol`]; here an invocation is one step.

use stateright::{Checker, Model, Property};
use webhooks::ledger::{Status, Turn};

use crate::item::{State, Token};
use crate::ledger::{Ledger, Write};
use crate::moment::STEP;
use crate::worker::{Decision, MAX_ATTEMPTS};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Innocent,
    Killer,
}

/// The order in which suspects are taken.
const ORDERS: [[Who; 2]; 2] = [[Who::Innocent, Who::Killer], [Who::Killer, Who::Innocent]];

/// An event, and its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Stand {
    state: Option<State>,
    /// Its message has been received before.
    received: bool,
}

impl Stand {
    fn status(&self) -> Status {
        self.state.map_or(Status::Received, |state| state.status)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Pair {
    innocent: Stand,
    killer: Stand,
    /// Invocations so far, none of them with a message that came anew.
    invocations: u8,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// A processor gets both messages. Whether the innocent event is settled before the other ends
    /// the process is left open where both are at work.
    Invoke { order: [Who; 2], settled: bool },
    /// Another message of an event, which has not been received before.
    Resend(Who),
}

/// What is wrong with the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// What is handled side by side counts as soon as it is claimed.
    CountsTogether,
    /// What has been received before is handled side by side as well.
    SuspectsTogether,
}

struct Batch {
    ledger: Ledger,
    fault: Option<Fault>,
}

/// The process has ended.
struct Died;

/// A round in company, one for each attempt of the killer, and one for what was behind it.
const ROUNDS: u8 = MAX_ATTEMPTS + 2;

impl Batch {
    fn new(fault: Option<Fault>) -> Self {
        Self {
            ledger: Ledger::new(None),
            fault,
        }
    }

    fn invoke(&self, pair: &mut Pair, order: [Who; 2], settled: bool) {
        pair.invocations += 1;
        let end = self.run(pair, order, settled);
        pair.innocent.received = true;
        pair.killer.received = true;
        if end.is_err() {
            // The messages are visible again long after the leases have run out.
            for _ in 0..3 {
                let older = |state: State| state.older(STEP);
                pair.innocent.state = pair.innocent.state.map(older);
                pair.killer.state = pair.killer.state.map(older);
            }
        }
    }

    fn run(&self, pair: &mut Pair, order: [Who; 2], settled: bool) -> Result<(), Died> {
        let together =
            |stand: &Stand| !stand.received || self.fault == Some(Fault::SuspectsTogether);
        let (innocent, killer) = (together(&pair.innocent), together(&pair.killer));
        let turn = match self.fault {
            Some(Fault::CountsTogether | Fault::SuspectsTogether) => Turn::Last,
            None => Turn::Together,
        };
        let innocent_claimed = innocent && self.claim(&mut pair.innocent, turn);
        let killer_claimed = killer && self.claim(&mut pair.killer, turn);
        if innocent_claimed && (settled || !killer_claimed) {
            self.end(&mut pair.innocent, turn);
        }
        if killer_claimed {
            self.kill(&mut pair.killer, turn)?;
        }
        for turn in [Turn::Alone, Turn::Last] {
            for who in order {
                match who {
                    Who::Innocent => {
                        if self.claim(&mut pair.innocent, turn) {
                            self.end(&mut pair.innocent, turn);
                        }
                    }
                    Who::Killer => {
                        if self.claim(&mut pair.killer, turn) {
                            self.kill(&mut pair.killer, turn)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn claim(&self, stand: &mut Stand, turn: Turn) -> bool {
        let token = Token::Worker(0);
        let claim = Write::Claim {
            token,
            turn,
            clock: 0,
        };
        let claimed = self.ledger.write(stand.state, claim);
        stand.state = claimed.or(stand.state);
        claimed.is_some()
    }

    /// The handler succeeds, unless the attempts are used up.
    fn end(&self, stand: &mut Stand, turn: Turn) {
        let used_up = attempt(stand, turn) > MAX_ATTEMPTS;
        let decision = if used_up {
            Decision::Failed
        } else {
            Decision::Done
        };
        self.settle(stand, turn, decision);
    }

    /// The handler ends the process, unless the attempts are used up and it does not run.
    fn kill(&self, stand: &mut Stand, turn: Turn) -> Result<(), Died> {
        if attempt(stand, turn) <= MAX_ATTEMPTS {
            return Err(Died);
        }
        self.settle(stand, turn, Decision::Failed);
        Ok(())
    }

    fn settle(&self, stand: &mut Stand, turn: Turn, decision: Decision) {
        let settle = Write::Settle {
            token: Token::Worker(0),
            attempts: stand.state.map_or(0, |state| state.attempts),
            alone: turn.is_alone(),
            decision,
            clock: 0,
        };
        stand.state = self.ledger.write(stand.state, settle).or(stand.state);
    }
}

fn attempt(stand: &Stand, turn: Turn) -> u8 {
    let attempts = stand.state.map_or(0, |state| state.attempts);
    attempts + u8::from(!turn.is_alone())
}

const SPARED: &str = "the innocent event is not failed";
const OVER: &str = "both have ended in time";

impl Model for Batch {
    type State = Pair;
    type Action = Action;

    fn init_states(&self) -> Vec<Pair> {
        vec![Pair::default()]
    }

    fn actions(&self, pair: &Pair, actions: &mut Vec<Action>) {
        if pair.invocations > ROUNDS {
            return;
        }
        for order in ORDERS {
            actions.extend([false, true].map(|settled| Action::Invoke { order, settled }));
        }
        actions.extend([Who::Innocent, Who::Killer].map(Action::Resend));
    }

    fn next_state(&self, pair: &Pair, action: Action) -> Option<Pair> {
        let mut next = pair.clone();
        match action {
            Action::Invoke { order, settled } => self.invoke(&mut next, order, settled),
            Action::Resend(who) => {
                let stand = match who {
                    Who::Innocent => &mut next.innocent,
                    Who::Killer => &mut next.killer,
                };
                stand.received = false;
            }
        }
        (next != *pair).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(SPARED, |_, pair: &Pair| {
                pair.innocent.status() != Status::Failed
            }),
            Property::always(OVER, |_, pair: &Pair| {
                let ended = [pair.innocent, pair.killer].map(|stand| stand.status().has_ended());
                pair.invocations < ROUNDS || ended == [true, true]
            }),
            Property::sometimes(
                "the killer is failed, and the other one done",
                |_, pair: &Pair| {
                    let ends = (pair.innocent.status(), pair.killer.status());
                    ends == (Status::Done, Status::Failed)
                },
            ),
        ]
    }
}

#[test]
fn an_event_that_ends_its_process_takes_no_other_along() {
    let checker = Batch::new(None).checker().spawn_bfs().join();
    checker.assert_properties();
    println!("{} states", checker.unique_state_count());
}

#[test]
fn without_the_turns_it_does() {
    for fault in [Fault::CountsTogether, Fault::SuspectsTogether] {
        let checker = Batch::new(Some(fault)).checker().spawn_bfs().join();
        assert!(checker.discovery(SPARED).is_some(), "{fault:?}");
    }
}
