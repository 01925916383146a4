//! Instructions of one event, counted by callgrind: the same on a busy machine as on a quiet one, so
//! that a change of two per cent shows.

use std::fs::File;
use std::path::Path;

use axum::body::Bytes;
use comfy_table::Table;
use webhooks_cli::failure::Failure;

use super::contestant::Contestant;
use super::stand_in::StandIn;
use super::table;

/// Events before the counted ones, so that caches and connections are as they are in the middle of
/// a process's life.
const BEFORE: u32 = 20;
/// Events that are counted.
const COUNTED: u32 = 100;

/// Instructions of a contestant, in thousands.
#[derive(Clone, Debug)]
pub struct Instructions {
    name: String,
    init: u64,
    event: u64,
}

/// Counts the instructions of a start, and of one event of that kind.
///
/// # Errors
/// [`Failure`] when valgrind is not installed or the contestant does not do its work.
pub async fn count(
    contestant: &Contestant,
    event: &Bytes,
    aws: &StandIn,
    log: &File,
    scratch: &Path,
) -> Result<Instructions, Failure> {
    let mut counted = Vec::new();
    for events in [0, BEFORE, BEFORE + COUNTED] {
        counted.push(total(contestant, event, events, aws, log, scratch).await?);
    }
    Ok(Instructions {
        name: contestant.name.clone(),
        init: counted[0] / 1000,
        event: counted[2].saturating_sub(counted[1]) / u64::from(COUNTED) / 1000,
    })
}

/// All instructions of a process that takes so many events.
async fn total(
    contestant: &Contestant,
    event: &Bytes,
    events: u32,
    aws: &StandIn,
    log: &File,
    scratch: &Path,
) -> Result<u64, Failure> {
    let out = scratch.join("callgrind.out");
    let mut under = contestant.clone();
    under.program = "valgrind".into();
    under.arguments = vec![
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
        contestant.program.display().to_string(),
    ];
    let (mut instance, _) = under.start(&aws.url(), log).await?;
    for _ in 0..events {
        instance.invoke(event).await?;
    }
    instance.end().await?;
    let counts = std::fs::read_to_string(&out);
    let counts = counts.map_err(|error| Failure::new(out.display(), error))?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| Failure::of(format!("{} has no total", out.display())))
}

/// The table of what was counted.
pub fn printed(counted: &[Instructions]) -> Table {
    let mut table = table::new(&["instructions, thousands", "init", "one event"]);
    for instructions in counted {
        table.add_row([
            instructions.name.clone(),
            instructions.init.to_string(),
            instructions.event.to_string(),
        ]);
    }
    table
}
