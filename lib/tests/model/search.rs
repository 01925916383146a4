//! The protocol as it is.

use stateright::{Checker, Model};

use crate::moment::Seconds;
use crate::protocol::{Crew, Protocol};

/// Searches through every state and returns their number.
fn search(crew: Crew, skews: &'static [Seconds]) -> usize {
    let protocol = Protocol::new(crew, skews, None);
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    assert!(checker.is_done(), "nothing is left out");
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!("{states} states of {crew:?}, clocks apart by {skews:?} s");
    states
}

/// One of each, and two of those who are to meet.
const fn crew(receivers: u8, workers: u8, relays: u8) -> Crew {
    Crew {
        receivers,
        workers,
        relays,
    }
}

#[test]
fn every_promise_holds_wherever_two_processors_meet() {
    let states = search(crew(1, 2, 1), &[0]);
    assert!(states > 600_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_wherever_two_receivers_or_two_relays_meet() {
    let states = search(crew(2, 1, 1), &[0]);
    assert!(states > 90_000, "something has narrowed the search");
    let states = search(crew(1, 1, 2), &[0]);
    assert!(states > 100_000, "something has narrowed the search");
}

/// Takes some minutes: `make chaos` runs it.
#[test]
#[ignore = "five million states"]
fn every_promise_holds_in_every_state() {
    let states = search(Crew::FULL, &[0]);
    assert!(states > 5_000_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_while_clocks_differ_by_less_than_a_lease_has_to_spare() {
    let states = search(crew(1, 2, 0), &[14, -14]);
    assert!(states > 200_000, "something has narrowed the search");
}
