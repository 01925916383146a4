//! Who decides which process ends where.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;
use webhooks::faults::POINTS;
use webhooks::limits;

use super::clock::Clock;
use crate::host::{Fate, Life};

/// The place that counts for a process that is killed from outside, at no place of its own choosing.
pub const AT_RANDOM: &str = "at a random moment";

/// The part of an event's id with which its handler ends the process.
pub const DEADLY: &str = "00dead00";

/// The signals of a process that ended itself, and of one that was killed.
const ABORT: i32 = 6;
const KILL: i32 = 9;

/// Places that few invocations pass.
const RARE: [&str; 2] = ["receive::kept", "receive::reopened"];

/// A place that none pass while calls break one by one: the next try of a put succeeds, so no
/// message is whole.
pub const WHOLE: &str = "process::recorded";

/// The largest difference of a process's clock from the right time, in milliseconds of the trial's time:
/// two of them differ by no more than the functions allow.
const SKEW: i64 = limits::SKEW.as_millis() as i64 / 2;

/// The time that a process that is to be killed may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A few invocations.
    Soon,
    /// Some hundred, so that most of the time most processes are well.
    Later,
}

/// Kills processes by a plan: every place of a function in turn, and at random moments in between.
#[derive(Debug)]
pub struct Killer {
    clock: Clock,
    pace: Pace,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    orders: HashMap<String, VecDeque<&'static str>>,
    given: HashMap<Uuid, &'static str>,
    kills: BTreeMap<&'static str, usize>,
    stopped: bool,
}

impl Killer {
    /// One that kills nobody.
    pub fn nobody(clock: Clock) -> Self {
        Self::new(clock, 0, Pace::Soon, &[])
    }

    /// One that kills so many processes in all, at all places but those that none pass.
    pub fn new(clock: Clock, kills: usize, pace: Pace, unpassed: &[&str]) -> Self {
        Self {
            clock,
            pace,
            state: Mutex::new(State {
                orders: plan(kills, unpassed),
                ..State::default()
            }),
        }
    }

    /// Kills nobody any more, and forgets what is not done.
    pub fn stop(&self) {
        let mut state = self.state();
        state.orders.clear();
        state.stopped = true;
    }

    /// True if it kills nobody any more.
    pub fn has_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Kills so far, by place.
    pub fn kills(&self) -> BTreeMap<&'static str, usize> {
        self.state().kills.clone()
    }

    /// Kills so far.
    pub fn killed(&self) -> usize {
        self.state().kills.values().sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many orders, by function: its places in turn.
fn plan(kills: usize, unpassed: &[&str]) -> HashMap<String, VecDeque<&'static str>> {
    let functions = [
        ("github", places("receiver", &["receive::reopened"])),
        ("stripe", places("receiver", &["receive::kept"])),
        (
            "twilio",
            places("receiver", &["receive::kept", "receive::reopened"]),
        ),
        ("processor", places("processor", unpassed)),
        ("processor", places("processor", unpassed)),
    ];
    // The relay passes its places once in a run, so its share is small.
    let functions: Vec<_> = [
        &functions[..],
        &functions[..],
        &[("relay", places("relay", &[]))],
    ]
    .concat();
    let mut orders: HashMap<String, VecDeque<&'static str>> = HashMap::new();
    let rounds = functions.iter().cycle().zip(0..kills);
    let mut turns: HashMap<&str, usize> = HashMap::new();
    for ((function, places), _) in rounds {
        let turn = turns.entry(function).or_default();
        let order = places[*turn % places.len()];
        *turn += 1;
        orders
            .entry((*function).to_owned())
            .or_default()
            .push_back(order);
    }
    orders
}

fn places(function: &str, but: &[&str]) -> Vec<&'static str> {
    let of_function = POINTS.iter().filter(|(name, _)| *name == function);
    let places = of_function.flat_map(|(_, places)| places.iter().copied());
    places
        .filter(|place| !but.contains(place))
        .chain([AT_RANDOM])
        .collect()
}

/// A number below `limit`.
fn below(limit: u64) -> u64 {
    Uuid::new_v4().as_u64_pair().0 % limit
}

impl Fate for Killer {
    fn begin(&self, function: &str, process: Uuid) -> Life {
        let mut state = self.state();
        let order = state.orders.get_mut(function).and_then(VecDeque::pop_front);
        let skew = i64::try_from(below(2 * SKEW.unsigned_abs())).unwrap_or(0) - SKEW;
        let mut failpoints = format!("{};event=return({DEADLY})", self.clock.failpoint(skew));
        let mut ends_after = None;
        let lives = match (self.pace, function, order) {
            (_, "relay", _) => 1,
            (Pace::Later, _, Some(place)) if !RARE.contains(&place) => 80,
            (Pace::Soon | Pace::Later, _, _) => 4,
        };
        match order {
            Some(AT_RANDOM) => ends_after = Some(Duration::from_millis(50 + below(250 * lives))),
            Some(place) => {
                let passes = below(lives);
                failpoints.push_str(&format!(";{place}={passes}*off->1*return"));
            }
            None => {}
        }
        if let Some(order) = order {
            state.given.insert(process, order);
        }
        Life {
            environment: vec![("FAILPOINTS".to_owned(), failpoints)],
            ends_after,
        }
    }

    fn end(&self, function: &str, process: Uuid, status: ExitStatus) {
        let mut state = self.state();
        let order = state.given.remove(&process);
        if state.stopped {
            return;
        }
        match (order, status.signal()) {
            (Some(AT_RANDOM), Some(KILL)) => *state.kills.entry(AT_RANDOM).or_default() += 1,
            (Some(place), Some(ABORT)) => *state.kills.entry(place).or_default() += 1,
            // It ended in another way, for instance because its time was over: its order remains.
            (Some(order), _) => {
                let orders = state.orders.entry(function.to_owned()).or_default();
                orders.push_back(order);
            }
            (None, _) => {}
        }
    }
}
