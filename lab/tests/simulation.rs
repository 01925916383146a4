//! Some simulated worlds. `lab simulate` makes millions of deliveries.

use std::sync::Once;

use lab::simulation::{Crew, live, pairs};

static QUIET: Once = Once::new();

/// Handlers of a world panic on purpose.
fn quiet() {
    QUIET.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let here = panic
                .location()
                .is_some_and(|place| place.file().ends_with("handlers.rs"));
            if !here {
                loud(panic);
            }
        }));
    });
}

#[test]
fn no_world_loses_or_doubles_an_event() {
    quiet();
    let mut acknowledged = 0;
    for seed in 0..8 {
        let outcome = live(seed, Crew::Whole);
        assert!(outcome.is_clean(), "seed {seed:x}: {outcome:?}");
        acknowledged += outcome.acknowledged;
    }
    assert!(acknowledged > 250, "{acknowledged}");
}

#[test]
fn one_seed_makes_one_world() {
    quiet();
    let (one, again) = (live(7, Crew::Whole), live(7, Crew::Whole));
    assert_eq!(one, again);
    assert_ne!(one.trace, live(8, Crew::Whole).trace);
}

#[test]
fn a_world_without_the_relay_loses_events() {
    quiet();
    let lost = (0..4).map(|seed| live(seed, Crew::WithoutRelay).lost.len());
    assert!(lost.sum::<usize>() > 0);
}

/// `lab pairs` lets two calls break.
#[test]
fn no_fault_of_a_call_loses_or_doubles_an_event() {
    quiet();
    for event in [2, 9] {
        let worlds = pairs::every(event, 0);
        assert_eq!(worlds.broken, [""; 0]);
        assert!(worlds.worlds > 90, "{worlds:?}");
        assert_eq!(worlds.acknowledged, worlds.worlds);
    }
}
