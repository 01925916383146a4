//! `lab scale`: what a rate of events loads, against the limits of AWS and of the stack.
//!
//! The heat of the partitions is counted: event keys are drawn, always the same, and spread by the
//! ledger's own function. Everything else is the rate times what one event costs. What is assumed
//! of a deployed stack is in `scale/load.rs`, what AWS allows in `scale/quota.rs`.

mod heat;
mod load;
mod quota;

use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use webhooks_cli::failure::Failure;

use heat::{Heat, Traffic};
use load::Load;
use quota::{PUT_EVENTS, QUOTAS, Quota};

/// Options of `lab scale`.
#[derive(Args, Clone, Debug)]
pub struct ScaleArgs {
    /// Events a second over a day
    #[arg(long, default_value_t = 11_600, value_parser = clap::value_parser!(u32).range(1..))]
    per_second: u32,
    /// The peak, as a multiple of that
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    peak: u32,
    /// Sources that they come from
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    sources: u32,
    /// The busiest source's share of them
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    busy: f64,
    /// Seconds to draw, for as many events as can be drawn
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// Write units of a ledger item, one for each kB
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    item_units: u32,
}

/// Beyond it, what is drawn says too little of the hottest partition.
const MOST_EVENTS: u32 = 1_000_000;

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "give a share from 0 to 1".to_owned())
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the peak is more than can be drawn.
pub fn run(args: &ScaleArgs) -> Result<ExitCode, Failure> {
    let peak_rate = args.per_second.checked_mul(args.peak);
    let peak_rate = peak_rate.filter(|rate| *rate <= MOST_EVENTS);
    let peak_rate = peak_rate.ok_or_else(|| {
        let most = grouped(f64::from(MOST_EVENTS));
        Failure::usage(format!("--per-second times --peak is more than {most}"))
    })?;
    let mean = load(args, args.per_second, 0);
    let peak = load(args, peak_rate, args.per_second);
    println!(
        "{} events a second, {} at the peak; {} sources, the busiest has {:.0} %; \
         items of {} write units\n",
        grouped(mean.events),
        grouped(peak.events),
        args.sources,
        args.busy * 100.0,
        args.item_units
    );
    println!("{}\n", table(&mean, &peak));
    println!(
        "{}\n{}\n",
        partitions("mean", &mean.heat),
        partitions("peak", &peak.heat)
    );
    println!("PutEvents a second by region: {}", regions());
    println!("\nwhere the limits stand:");
    for quota in QUOTAS {
        println!("  {}: {}", quota.name, quota.source);
    }
    Ok(ExitCode::SUCCESS)
}

fn load(args: &ScaleArgs, rate: u32, before: u32) -> Load {
    let traffic = Traffic {
        rate,
        sources: args.sources,
        busy: args.busy,
        seconds: args.seconds,
        item_units: args.item_units,
    };
    Load {
        events: f64::from(rate),
        before: f64::from(before),
        sources: f64::from(args.sources),
        item_units: f64::from(args.item_units),
        heat: Heat::of(&traffic),
    }
}

fn table(mean: &Load, peak: &Load) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "resource",
        "mean",
        "peak",
        "limit",
        "used",
        "at the limit",
        "what moves it",
    ]);
    for quota in QUOTAS {
        table.add_row(row(quota, (quota.load)(mean), (quota.load)(peak)));
    }
    table
}

fn row(quota: &Quota, mean: f64, peak: f64) -> [String; 7] {
    [
        quota.name.to_owned(),
        grouped(mean),
        grouped(peak),
        format!("{} {}", grouped(quota.limit), quota.unit),
        format!(
            "{} x, {} x",
            times(mean / quota.limit),
            times(peak / quota.limit)
        ),
        quota.at_limit.to_owned(),
        quota.moved_by.to_owned(),
    ]
}

/// The settings that the ledger needs so that its hottest partitions stay within their limit.
fn partitions(when: &str, heat: &Heat) -> String {
    format!(
        "ledger, {when}: the hottest of {} table partitions gets {:.2} times its share, \
         so WarmThroughput {} write units; LISTING_SHARDS {}, OVERDUE_SHARDS {}",
        grouped(heat.fewest as f64),
        heat.table / heat.table_mean,
        grouped(heat.wanted as f64 * heat::PARTITION),
        heat.listing_shards,
        heat.overdue_shards,
    )
}

fn regions() -> String {
    let regions = PUT_EVENTS.map(|(rate, regions)| format!("{} in {regions}", grouped(rate)));
    regions.join("; ")
}

/// A whole number with a comma at every thousand.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number of times that a limit is used, as text: exact where it is near.
fn times(factor: f64) -> String {
    match factor {
        ..0.005 => "0".to_owned(),
        ..0.095 => format!("{factor:.2}"),
        ..9.95 => format!("{factor:.1}"),
        _ => grouped(factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(name: &str, mean: &Load, peak: &Load) -> [String; 7] {
        let quota = QUOTAS.iter().find(|quota| quota.name == name);
        let quota = quota.expect("a row of that name");
        row(quota, (quota.load)(mean), (quota.load)(peak))
    }

    fn args() -> ScaleArgs {
        ScaleArgs {
            per_second: 11_600,
            peak: 10,
            sources: 1000,
            busy: 0.5,
            seconds: 1,
            item_units: 2,
        }
    }

    #[test]
    fn says_how_far_a_limit_is_used() {
        let (mean, peak) = (load(&args(), 11_600, 0), load(&args(), 116_000, 11_600));
        let row = row_of("HTTP API, requests", &mean, &peak);
        assert_eq!(
            row[1..5],
            ["11,600", "116,000", "10,000 a second", "1.2 x, 12 x"]
        );
        let row = row_of("ledger, table", &mean, &peak);
        assert_eq!(
            row[1..5],
            [
                "46,400",
                "464,000",
                "40,000 write units a second",
                "1.2 x, 12 x"
            ]
        );
    }

    #[test]
    fn refuses_a_peak_that_cannot_be_drawn() {
        let args = ScaleArgs {
            peak: 100,
            ..args()
        };
        let failure = run(&args).expect_err("1,160,000 a second");
        assert_eq!(
            failure.to_string(),
            "--per-second times --peak is more than 1,000,000"
        );
    }

    #[test]
    fn groups_thousands() {
        let numbers = [0.0, 999.0, 1000.0, 1_234_567.0].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn refuses_a_share_that_is_none() {
        assert_eq!(share("0.25"), Ok(0.25));
        for text in ["-0.1", "1.1", "NaN", "half"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
