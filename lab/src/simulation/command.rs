//! The command `lab simulate`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use clap::Args;

use super::judge::Outcome;
use super::world::{Crew, live};

/// Options of `lab simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// Deliveries to make at least
    #[arg(long, default_value_t = 100_000)]
    deliveries: u64,
    /// The seed of the first world, in hex; each further world has the next one
    #[arg(long, default_value = "0", value_parser = hexadecimal)]
    seed: u64,
    /// Threads, each with worlds of its own
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

fn hexadecimal(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| "up to 16 hexadecimal digits".to_owned())
}

/// The sum of many worlds.
#[derive(Clone, Debug, Default)]
struct Sum {
    worlds: u64,
    outcome: Outcome,
}

/// Runs the command. The exit code is 1 when a world broke a promise.
pub fn run(args: &SimulateArgs) -> ExitCode {
    // Handlers here panic on purpose.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let (made, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for thread in 0..args.threads {
            let (made, failed, sum) = (&made, &failed, &sum);
            scope.spawn(move || {
                let mut seed = args.seed.wrapping_add(thread);
                while made.load(Ordering::Relaxed) < args.deliveries
                    && !failed.load(Ordering::Relaxed)
                {
                    let outcome = live(seed, Crew::Whole);
                    made.fetch_add(outcome.deliveries, Ordering::Relaxed);
                    if !outcome.is_clean() {
                        failed.store(true, Ordering::Relaxed);
                        report(seed, &outcome);
                    }
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.add(outcome);
                    seed = seed.wrapping_add(args.threads);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let seconds = started.elapsed().as_secs_f64();
    let Sum { worlds, outcome } = &sum;
    println!(
        "{} deliveries in {worlds} worlds from seed {:016x}, {} calls, {seconds:.0} s\n\
         acknowledged {}, lost {}, doubled {}, illegal histories {}",
        outcome.deliveries,
        args.seed,
        outcome.calls,
        outcome.acknowledged,
        outcome.lost.len(),
        outcome.doubled.len(),
        outcome.illegal.len(),
    );
    if outcome.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn report(seed: u64, outcome: &Outcome) {
    println!(
        "the world of seed {seed:016x} breaks a promise (lab simulate --deliveries 1 --threads 1 --seed {seed:x}):"
    );
    for (what, cases) in [
        ("lost", &outcome.lost),
        ("doubled", &outcome.doubled),
        ("illegal", &outcome.illegal),
    ] {
        for case in cases.iter().take(5) {
            println!("  {what}: {case}");
        }
    }
}

impl Sum {
    fn add(&mut self, world: Outcome) {
        self.worlds += 1;
        let sum = &mut self.outcome;
        sum.deliveries += world.deliveries;
        sum.acknowledged += world.acknowledged;
        sum.calls += world.calls;
        sum.lost.extend(world.lost);
        sum.doubled.extend(world.doubled);
        sum.illegal.extend(world.illegal);
    }
}
