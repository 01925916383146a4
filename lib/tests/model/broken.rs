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
use crate::promises::{AGAIN, CALLED, ENDS, FINAL, KEPT, LEASE, ONCE, PAUSE, SUCCESSOR};
use crate::protocol::{Crew, Protocol};

const TABLE: [(Mutant, &str); 23] = [
    (Mutant::PutsAlways, FINAL),
    (Mutant::RecordsUnlisted, KEPT),
    (Mutant::ReopensAlways, FINAL),
    (Mutant::ReopensUnlisted, KEPT),
    (Mutant::ClaimsLeased, LEASE),
    (Mutant::ClaimsEnded, ONCE),
    (Mutant::LeasesNothing, LEASE),
    (Mutant::KeepsToken, ENDS),
    (Mutant::SettlesWithoutToken, SUCCESSOR),
    (Mutant::SettlesTwice, ONCE),
    (Mutant::RetriesUnlisted, KEPT),
    (Mutant::PostponesAlways, PAUSE),
    (Mutant::PostponesNothing, PAUSE),
    (Mutant::NeverPostpones, PAUSE),
    (Mutant::RestoresAlways, PAUSE),
    (Mutant::ShortRetention, ONCE),
    (Mutant::AnswersFirst, KEPT),
    (Mutant::SendsReferenceInOutage, KEPT),
    (Mutant::DropsWhole, KEPT),
    (Mutant::LeavesFailed, AGAIN),
    (Mutant::EffectApart, ONCE),
    (Mutant::CallsLast, CALLED),
    (Mutant::NoRelay, ENDS),
];

/// Whether the search finds a way to break the promise.
fn breaks(mutant: Option<Mutant>, skews: &'static [Seconds], promise: &'static str) -> bool {
    let checker = Protocol::new(Crew::FULL, skews, mutant)
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
