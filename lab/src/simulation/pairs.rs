//! Pairs of faults: worlds of one event in which nothing breaks but two calls, for every two calls of any
//! function and every two ways in which a call can break.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;

use clap::Args;

use super::judge::Outcome;
use super::network::{BROKEN, Fate};
use super::world::live_by;

/// Events by their numbers: a charge that commits with its effect, one that is tried again first, a push
/// with an effect outside the transaction, and one that waits twice.
const EVENTS: [u64; 4] = [2, 10, 9, 15];

/// Options of `lab pairs`.
#[derive(Args, Clone, Debug)]
pub struct PairsArgs {
    /// The most calls from the first fault to the second
    #[arg(long, default_value_t = 1000)]
    distance: u64,
}

/// What became of many worlds.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// Worlds: one for no fault, for each fault, and for each pair.
    pub worlds: u64,
    /// Events that were acknowledged.
    pub acknowledged: u64,
    /// Calls of all worlds.
    pub calls: u64,
    /// Broken promises, each with its faults.
    pub broken: Vec<String>,
}

/// Runs the command. The exit code is 1 when a world broke a promise.
pub fn run(args: &PairsArgs) -> ExitCode {
    let each = std::thread::scope(|scope| {
        let threads = EVENTS.map(|event| scope.spawn(move || every(event, args.distance)));
        threads.map(|thread| {
            thread
                .join()
                .expect("the functions make calls that are known")
        })
    });
    for (event, pairs) in EVENTS.iter().zip(&each) {
        println!(
            "event {event}: {} worlds, {} acknowledged, {} calls, {} broken promises",
            pairs.worlds,
            pairs.acknowledged,
            pairs.calls,
            pairs.broken.len()
        );
        for broken in pairs.broken.iter().take(20) {
            println!("  {broken}");
        }
    }
    if each.iter().all(|pairs| pairs.broken.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Lets every world of an event happen whose second fault comes at most `distance` calls after the first.
///
/// # Panics
/// When the functions make a call that they never make.
pub fn every(event: u64, distance: u64) -> Pairs {
    let mut pairs = Pairs::default();
    let undisturbed = pairs.world(event, BTreeMap::new());
    for (first, one) in points(0..undisturbed.calls) {
        let alone = pairs.world(event, BTreeMap::from([(first, one)]));
        let end = alone.calls.min(first + 1 + distance);
        for (second, other) in points(first + 1..end) {
            pairs.world(event, BTreeMap::from([(first, one), (second, other)]));
        }
    }
    pairs
}

fn points(calls: Range<u64>) -> impl Iterator<Item = (u64, Fate)> {
    let fates = || BROKEN.into_iter().chain([Fate::Death, Fate::DeathAfter]);
    calls.flat_map(move |call| fates().map(move |fate| (call, fate)))
}

impl Pairs {
    fn world(&mut self, event: u64, plan: BTreeMap<u64, Fate>) -> Outcome {
        let outcome = live_by(plan.clone(), event);
        self.worlds += 1;
        self.acknowledged += outcome.acknowledged;
        self.calls += outcome.calls;
        let broken = [&outcome.lost, &outcome.doubled, &outcome.illegal];
        let broken = broken.into_iter().flatten();
        self.broken
            .extend(broken.map(|what| format!("event {event} with {plan:?}: {what}")));
        outcome
    }
}
