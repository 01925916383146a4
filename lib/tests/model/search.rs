//! The protocol as it is.

use stateright::{Checker, Expectation, Model};

use crate::moment::Seconds;
use crate::protocol::{Crew, Protocol};

/// Searches through every state and returns their number. Only a crew in which everybody meets comes
/// across everything that the search must have seen to mean anything.
fn search(crew: Crew, skews: &'static [Seconds], everything: bool) -> usize {
    let protocol = Protocol::new(crew, skews, None);
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    assert!(checker.is_done(), "nothing is left out");
    for property in checker.model().properties() {
        match property.expectation {
            Expectation::Always => checker.assert_no_discovery(property.name),
            _ if everything => drop(checker.assert_any_discovery(property.name)),
            _ => {}
        }
    }
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
    let states = search(crew(1, 2, 1), &[0], true);
    assert!(states > 500_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_wherever_two_receivers_or_two_relays_meet() {
    let states = search(crew(2, 1, 1), &[0], false);
    assert!(states > 90_000, "something has narrowed the search");
    let states = search(crew(1, 1, 2), &[0], false);
    assert!(states > 150_000, "something has narrowed the search");
}

/// Takes some minutes: `make chaos` runs it.
#[test]
#[ignore = "five million states"]
fn every_promise_holds_in_every_state() {
    let states = search(Crew::FULL, &[0], true);
    assert!(states > 5_000_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_while_clocks_differ_by_less_than_a_lease_has_to_spare() {
    let states = search(crew(1, 2, 0), &[14, -14], false);
    assert!(states > 400_000, "something has narrowed the search");
}
