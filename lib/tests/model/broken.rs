//! The protocol with one thing wrong: each must break a promise, or the search proves nothing.
//!
//! Two that one would expect here are missing, because they break nothing. To send before the put
//! is harmless as long as the put's failure still leads to a whole message: a message that comes
//! too early finds nothing and comes again. And to delete a message before the attempt is settled
//! is harmless while there is a relay; the recovery that the model tries takes every message that
//! names the event for lost, in every state. In their place stand what makes them dangerous:
//! [`Flaw::SendsReferenceInOutage`] and [`Flaw::NoRelay`].

use stateright::{Checker, HasDiscoveries, Model};

use crate::flaw::Flaw;
use crate::moment::Seconds;
use crate::promises::{AGAIN, CALLED, ENDS, FINAL, KEPT, LEASE, ONCE, PAUSE, SUCCESSOR};
use crate::protocol::{Crew, Protocol};

const TABLE: [(Flaw, &str); 23] = [
    (Flaw::PutsAlways, FINAL),
    (Flaw::RecordsUnlisted, KEPT),
    (Flaw::ReopensAlways, FINAL),
    (Flaw::ReopensUnlisted, KEPT),
    (Flaw::ClaimsLeased, LEASE),
    (Flaw::ClaimsEnded, ONCE),
    (Flaw::LeasesNothing, LEASE),
    (Flaw::KeepsToken, ENDS),
    (Flaw::SettlesWithoutToken, SUCCESSOR),
    (Flaw::SettlesTwice, ONCE),
    (Flaw::RetriesUnlisted, KEPT),
    (Flaw::PostponesAlways, PAUSE),
    (Flaw::PostponesNothing, PAUSE),
    (Flaw::NeverPostpones, PAUSE),
    (Flaw::RestoresAlways, PAUSE),
    (Flaw::ShortRetention, ONCE),
    (Flaw::AnswersFirst, KEPT),
    (Flaw::SendsReferenceInOutage, KEPT),
    (Flaw::DropsWhole, KEPT),
    (Flaw::LeavesFailed, AGAIN),
    (Flaw::EffectApart, ONCE),
    (Flaw::CallsLast, CALLED),
    (Flaw::NoRelay, ENDS),
];

/// Whether the search finds a way to break the promise.
fn breaks(flaw: Option<Flaw>, skews: &'static [Seconds], promise: &'static str) -> bool {
    let checker = Protocol::new(Crew::FULL, skews, flaw)
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([promise].into()))
        .spawn_bfs()
        .join();
    let path = checker.discovery(promise);
    if let Some(path) = &path {
        println!("{flaw:?}: {:?}", path.clone().into_actions());
    }
    path.is_some()
}

#[test]
fn whatever_is_wrong_breaks_the_promise_that_stands_against_it() {
    let harmless = TABLE
        .into_iter()
        .filter(|(flaw, promise)| !breaks(Some(*flaw), &[0], promise));
    assert_eq!(harmless.collect::<Vec<_>>(), []);
}

#[test]
fn clocks_that_differ_by_more_than_a_lease_has_to_spare_interrupt_an_attempt() {
    assert!(breaks(None, &[16], LEASE));
}
