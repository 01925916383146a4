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

#[test]
fn every_promise_holds_in_every_state() {
    let states = search(Crew::FULL, &[0]);
    assert!(states > 300_000, "something has narrowed the search");
}

#[test]
fn every_promise_holds_while_clocks_differ_by_less_than_a_lease_has_to_spare() {
    let crew = Crew {
        receivers: 1,
        ..Crew::FULL
    };
    let states = search(crew, &[14, -14]);
    assert!(states > 550_000, "something has narrowed the search");
}

#[test]
#[ignore]
fn tmp_sizes() {
    for (receivers, workers, relays) in [(1, 1, 1), (1, 2, 0), (2, 1, 1), (1, 2, 1)] {
        let started = std::time::Instant::now();
        let crew = Crew { receivers, workers, relays };
        let protocol = Protocol::new(crew, &[0], None);
        let checker = protocol.checker().threads(2).target_max_depth(200).spawn_bfs().join();
        println!("{crew:?}: {} in {:?}", checker.unique_state_count(), started.elapsed());
        use crate::promises::*;
        for (name, path) in checker.discoveries() {
            if [KEPT, ENDS, ONCE, CALLED, FINAL, SUCCESSOR, LEASE, PAUSE, WAITS, COUNTED, LISTED, STAYS, AGAIN].contains(&name) {
            println!("  {name}: {:?}", path.into_actions()); }
        }
    }
}
