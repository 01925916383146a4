//! The cells of the table: what became of a few events while a call was broken.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Table, presets};

use super::EVENTS;
use super::rows::Row;
use crate::trial::audit::Audit;
use crate::trial::clock::HASTE;
use crate::trial::random_faults::FAULTS;
use crate::trial::traffic::Heard;

/// The result of one cell.
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) fault: usize,
    pub(super) heard: BTreeMap<Heard, usize>,
    pub(super) audit: Audit,
    /// From the end of the outage until the last event had ended, in the trial's time.
    pub(super) recovered: Duration,
}

impl Cell {
    /// The answers, and how long after the outage everything had ended.
    fn text(&self) -> String {
        let statuses = self.heard.keys().rev().map(|heard| match heard {
            Heard::Status(status) => status.to_string(),
            Heard::Nothing => "none".to_owned(),
        });
        let answers: Vec<String> = statuses.collect();
        let mut text = format!("{}; {} s", answers.join(", "), self.recovered.as_secs());
        for (what, broken) in [("LOST", &self.audit.lost), ("DOUBLED", &self.audit.doubled)] {
            if !broken.is_empty() {
                text.push_str(&format!(" {} {what}", broken.len()));
            }
        }
        text
    }
}

/// Prints the table.
pub(super) fn print(rows: &[Row], cells: &[Cell]) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let kinds = FAULTS.iter().map(|(kind, _)| *kind);
    table.set_header(["call", "for"].into_iter().chain(kinds));
    for (number, row) in rows.iter().enumerate() {
        let of = |fault: usize| {
            let mut of_row = cells.iter().filter(|cell| cell.row == number);
            let cell = of_row.find(|cell| cell.fault == fault);
            cell.map_or_else(|| "-".to_owned(), Cell::text)
        };
        let call = format!("{} {}", row.function, row.operation);
        let line = [call, row.what.to_owned()].into_iter();
        table.add_row(line.chain((0..FAULTS.len()).map(of)));
    }
    let sum =
        |count: fn(&Audit) -> usize| cells.iter().map(|cell| count(&cell.audit)).sum::<usize>();
    println!("{table}");
    println!(
        "\nEach cell: {EVENTS} events while the call is broken; every answer, and how many seconds after the \
         end of the outage the last event had ended ({HASTE} times as fast here).\n\
         acknowledged {}, lost {}, doubled {}",
        sum(|audit| audit.acknowledged),
        sum(|audit| audit.lost.len()),
        sum(|audit| audit.doubled.len()),
    );
    for broken in cells
        .iter()
        .flat_map(|cell| cell.audit.lost.iter().chain(&cell.audit.doubled))
    {
        println!("  BROKEN {broken}");
    }
}
