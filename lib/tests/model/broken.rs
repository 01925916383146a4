//! The protocol with one thing wrong: each must break a promise, or the search proves nothing.
//!
//! Two that one would expect here are missing, because they break nothing. To send before the put
//! is harmless as long as the put's failure still leads to a whole message: a message that comes
//! too early finds nothing and comes again. And to delete a message before the attempt is settled
//! is harmless while there is a relay; the recovery that the model tries takes every message that
//! names the event for lost, in every state. In their place stand what makes them dangerous:
//! [`Mutant::SendsReferenceInOutage`] and [`Mutant::NoRelay`].

use stateright::{Checker, HasDiscoveries, Model};

use crate::moment::Seconds;
use crate::mutant::Mutant;
use crate::promises::{
    AGAIN, CALLED, COUNTED, ENDS, FINAL, KEPT, LEASE, LISTED, ONCE, PAUSE, STAYS, SUCCESSOR, WAITS,
};
use crate::protocol::{Crew, Protocol};

const TABLE: [(Mutant, &str); 40] = [
    (Mutant::PutsAlways, SUCCESSOR),
    (Mutant::ReopensAlways, FINAL),
    (Mutant::ReopensUnlisted, KEPT),
    (Mutant::ReopensTired, COUNTED),
    (Mutant::ReopensExpiring, STAYS),
    (Mutant::ClaimsLeased, LEASE),
    (Mutant::ClaimsEarly, WAITS),
    (Mutant::ClaimsEnded, ONCE),
    (Mutant::LeasesNothing, LEASE),
    (Mutant::KeepsToken, ENDS),
    (Mutant::CountsNothing, COUNTED),
    (Mutant::ClaimsUnmarked, COUNTED),
    (Mutant::SettlesWithoutToken, SUCCESSOR),
    (Mutant::SettlesTwice, ONCE),
    (Mutant::RetriesUnlisted, KEPT),
    (Mutant::SettlesUncounted, COUNTED),
    (Mutant::CountsReleased, COUNTED),
    (Mutant::RetriesAtOnce, WAITS),
    (Mutant::RetriesOverdue, WAITS),
    (Mutant::DoneStaysListed, LISTED),
    (Mutant::FailedStaysListed, LISTED),
    (Mutant::MissesAlways, ONCE),
    (Mutant::MissesUnlisted, KEPT),
    (Mutant::WatchesEnded, LISTED),
    (Mutant::WatchesNothing, KEPT),
    (Mutant::PostponesAlways, PAUSE),
    (Mutant::PostponesEnded, PAUSE),
    (Mutant::PostponesNothing, PAUSE),
    (Mutant::NeverPostpones, PAUSE),
    (Mutant::RestoresAlways, PAUSE),
    (Mutant::TrustsOldMessages, ONCE),
    (Mutant::AnswersFirst, KEPT),
    (Mutant::SendsReferenceInOutage, KEPT),
    (Mutant::DropsWhole, KEPT),
    (Mutant::LeavesFailed, AGAIN),
    (Mutant::EffectApart, ONCE),
    (Mutant::CallsLast, CALLED),
    (Mutant::NoRelay, ENDS),
    (Mutant::NoLook, ENDS),
    (Mutant::LooksOnce, KEPT),
];

/// The fewest in whose work something that breaks the promise shows: it takes two of those who meet.
fn crew(promise: &str) -> Crew {
    let (workers, relays) = match promise {
        PAUSE => (1, 2),
        ONCE | LEASE | SUCCESSOR => (2, 1),
        _ => (1, 1),
    };
    Crew {
        receivers: 1,
        workers,
        relays,
    }
}

/// Whether the search finds a way to break the promise.
fn breaks(mutant: Option<Mutant>, skews: &'static [Seconds], promise: &'static str) -> bool {
    let checker = Protocol::new(crew(promise), skews, mutant)
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([promise].into()))
        .spawn_bfs()
        .join();
    let path = checker.discovery(promise);
    if let Some(path) = &path {
        println!("{mutant:?}: {:?}", path.clone().into_actions());
    }
    path.is_some()
}

#[test]
fn whatever_is_wrong_breaks_the_promise_that_stands_against_it() {
    let harmless = TABLE
        .into_iter()
        .filter(|(mutant, promise)| !breaks(Some(*mutant), &[0], promise));
    assert_eq!(harmless.collect::<Vec<_>>(), []);
}

#[test]
fn clocks_that_differ_by_more_than_a_lease_has_to_spare_interrupt_an_attempt() {
    assert!(breaks(None, &[16], LEASE));
}
