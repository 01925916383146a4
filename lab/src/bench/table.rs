//! The tables of a bench.

use comfy_table::{CellAlignment, Table, presets};

use super::goals::Goal;
use super::race::Race;

/// The table of what was measured of the receivers.
pub fn receivers(races: &[Race]) -> Table {
    let mut table = new(&[
        "receiver",
        "init ms",
        "first event ms",
        "warm p50 ms",
        "p99",
        "CPU ms per event",
        "calls",
        "peak MB",
        "zip MB, all in",
    ]);
    for race in races {
        table.add_row(cells(race));
    }
    table
}

/// The table of what was measured of the processors.
pub fn processors(races: &[Race]) -> Table {
    let mut table = new(&[
        "processor, batches of 10",
        "init ms",
        "first batch ms",
        "warm p50 ms",
        "p99",
        "CPU ms per event",
        "events per CPU second",
        "calls",
        "peak MB",
        "zip MB, all in",
    ]);
    for race in races {
        let mut cells = cells(race);
        let a_second = format!("{:.0}", 1000.0 / race.measured.cpu.median());
        cells.insert(6, a_second);
        table.add_row(cells);
    }
    table
}

/// The cells that both tables have of a race.
fn cells(race: &Race) -> Vec<String> {
    let measured = &race.measured;
    vec![
        race.contestant.name.clone(),
        measured.init.spread(1),
        measured.first.spread(1),
        measured.warm.spread(2),
        format!("{:.1}", measured.warm.quantile(0.99)),
        measured.cpu.spread(2),
        format!("{:.1}", measured.calls.median()),
        megabytes(measured.peak),
        megabytes(measured.package),
    ]
}

/// The table of what was to be reached, and whether it was.
pub fn goals(goals: &[Goal]) -> Table {
    let mut table = new(&["goal", "at most", "measured", ""]);
    for goal in goals {
        let met = if goal.met() { "met" } else { "MISSED" };
        table.add_row([
            goal.what.clone(),
            format!("{:.2} {}", goal.limit, goal.unit),
            format!("{:.2} {}", goal.measured, goal.unit),
            met.to_owned(),
        ]);
    }
    table
}

/// A table with its figures at the right.
pub fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Bytes as Lambda counts a package: 1 MB is 1,048,576.
fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = bytes as f64 / f64::from(1 << 20);
    format!("{megabytes:.1}")
}
