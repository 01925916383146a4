//! The protocol as it is.

use stateright::{Checker, Model};

use crate::moment::Seconds;
use crate::protocol::{Crew, Protocol};

/// Searches through every state and returns their number.
fn search(crew: Crew, skews: &'static [Seconds]) -> usize {
    let protocol = Protocol::new(crew, skews, None);
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.is_done(), "nothing is left out");
    checker.unique_state_count()
}

#[test]
fn every_promise_holds_in_every_state() {
    let crew = Crew {
        receivers: 2,
        workers: 2,
        relays: 1,
    };
    let states = search(crew, &[0]);
    println!("{states} states of two receivers, two processors and a relay");
    assert!(states > 400_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_while_clocks_differ_by_less_than_a_lease_has_to_spare() {
    let crew = Crew {
        receivers: 1,
        workers: 2,
        relays: 1,
    };
    let states = search(crew, &[-14, 14]);
    println!("{states} states of two processors with different clocks");
    assert!(states > 400_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_with_two_relays_at_work() {
    let crew = Crew {
        receivers: 1,
        workers: 1,
        relays: 2,
    };
    let states = search(crew, &[0]);
    println!("{states} states of two relays");
    assert!(states > 10_000, "something has narrowed the search");
}
