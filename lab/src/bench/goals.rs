//! Goals that the product has to reach beside the others, in ratios of one run.

use super::name;
use super::race::{Measured, Race};

/// One line: a figure and the most that it may be.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Which figure.
    pub what: String,
    /// The most that it may be.
    pub limit: f64,
    /// The figure that was measured.
    pub measured: f64,
    /// Of both.
    pub unit: &'static str,
}

impl Goal {
    /// True if it is reached.
    pub fn met(&self) -> bool {
        self.measured <= self.limit
    }
}

const MEGABYTE: f64 = 1024.0 * 1024.0;

/// Every goal that this run can speak of.
pub fn goals(receivers: &[Race], processors: &[Race]) -> Vec<Goal> {
    let receiver = |name| measured(receivers, name);
    let processor = |name| measured(processors, name);
    let mut goals = Vec::new();
    let mut goal = |what: String, limit: f64, measured: Option<f64>, unit| {
        if let Some(measured) = measured {
            goals.push(Goal {
                what,
                limit,
                measured,
                unit,
            });
        }
    };
    let ratio = |one: Option<&Measured>, other: Option<&Measured>, figure: Figure| {
        Some(figure(one?) / figure(other?))
    };
    let (floor, github) = (receiver(name::FLOOR), receiver(name::GITHUB));
    for (name, size) in OURS {
        let ours = receiver(name);
        let calls = ours.map(|ours| ours.calls.median());
        // A large payload is one more.
        let most = if size < 1.0 { 2.0 } else { 3.0 };
        goal(
            format!("{name}: AWS calls before the answer"),
            most,
            calls,
            "",
        );
        let init = floor
            .zip(ours)
            .map(|(floor, ours)| init(ours) - init(floor));
        goal(format!("{name}: init, beyond the floor's"), 5.0, init, "ms");
        let first = ours.map(|ours| ours.first.median() / ours.warm.median());
        goal(format!("{name}: first event / warm event"), 1.2, first, "x");
        // The floor takes 10 kB.
        let warm_ratio = ratio(ours.filter(|_| size < 1.0), floor, warm);
        goal(format!("{name}: warm p50 / floor's"), 1.05, warm_ratio, "x");
    }
    let of_floor = ratio(github, floor, cpu);
    goal(
        "github, 10 kB: CPU / floor's".to_owned(),
        1.15,
        of_floor,
        "x",
    );
    let of_node = ratio(github, receiver(name::NODE), cpu);
    goal(
        "github, 10 kB: CPU / Node's".to_owned(),
        1.0 / 4.0,
        of_node,
        "x",
    );
    let of_python = ratio(github, receiver(name::PYTHON), cpu);
    goal(
        "github, 10 kB: CPU / Python's".to_owned(),
        1.0 / 3.0,
        of_python,
        "x",
    );
    for (name, size) in OURS.into_iter().chain([(name::GITHUB_5_MB, 5.0)]) {
        let limit = if size < 1.0 { 15.0 } else { 4.0 * size + 15.0 };
        let peak = receiver(name).map(peak);
        goal(format!("{name}: peak memory"), limit, peak, "MB");
    }
    let zip = receivers.iter().chain(processors).filter(|race| {
        OURS.iter().any(|(name, _)| *name == race.contestant.name)
            || race.contestant.name == name::PROCESSOR
    });
    let zip = zip.map(|race| package(&race.measured)).reduce(f64::max);
    goal("the largest function's zip".to_owned(), 5.0, zip, "MB");
    for name in [name::NODE_PROCESSOR, name::POWERTOOLS_PROCESSOR] {
        let share = ratio(processor(name::PROCESSOR), processor(name), cpu);
        goal(format!("processor: CPU / that of {name}"), 0.1, share, "x");
    }
    goals
}

type Figure = fn(&Measured) -> f64;

/// Our receivers, and the size of their deliveries in MB.
const OURS: [(&str, f64); 4] = [
    (name::GITHUB, 0.01),
    (name::STRIPE, 0.003),
    (name::TWILIO, 0.0007),
    (name::GITHUB_1_MB, 1.0),
];

fn measured<'a>(races: &'a [Race], name: &str) -> Option<&'a Measured> {
    let race = races.iter().find(|race| race.contestant.name == name)?;
    Some(&race.measured)
}

fn init(measured: &Measured) -> f64 {
    measured.init.median()
}

fn warm(measured: &Measured) -> f64 {
    measured.warm.median()
}

fn cpu(measured: &Measured) -> f64 {
    measured.cpu.median()
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn peak(measured: &Measured) -> f64 {
    measured.peak as f64 / MEGABYTE
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn package(measured: &Measured) -> f64 {
    measured.package as f64 / MEGABYTE
}
