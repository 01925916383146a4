//! An experiment: load, kills and faults together, and the audit after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join;
use webhooks_cli::failure::Failure;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;

use super::audit::{Audit, intruders, settle};
use super::clock::Clock;
use super::killer::{Killer, Pace};
use super::load::{Sent, send};
use super::progress::Progress;
use super::raw;
use super::stage::{FaultPlan, Stage};
use super::traffic::Traffic;

/// The time that the last events may take to end, once nothing breaks any more.
const TIME_LIMIT: Duration = Duration::from_secs(240);

/// The pause between two looks at the effects.
const PAUSE: Duration = Duration::from_millis(500);

/// The load and the faults that the functions have to stand.
pub struct Experiment {
    /// Processes that are killed.
    pub kills: usize,
    /// The pace at which they are killed.
    pub pace: Pace,
    /// The places of the processor that none pass under these faults.
    pub unpassed: &'static [&'static str],
    /// Deliveries that are sent at least.
    pub deliveries: usize,
    /// Events among them whose handler ends its process whenever it runs.
    pub deadly: usize,
    /// The faults that happen to the functions' calls.
    pub faults: FaultPlan,
    /// The time between two runs of the relay.
    pub relay: Duration,
    /// The longest that it may take, without the time to settle.
    pub time_limit: Duration,
}

/// The result of an experiment: what it was, and what its audit found.
#[derive(Debug)]
pub struct Ended {
    /// Kills, by place.
    pub kills: BTreeMap<&'static str, usize>,
    /// The audit.
    pub audit: Audit,
    /// The events that were sent.
    pub sent: Sent,
    /// The time that the sending took.
    pub took: Duration,
}

impl Experiment {
    /// Sends and kills until there is enough of both or the time is over, lets the events end, and
    /// audits.
    ///
    /// # Errors
    /// [`Failure`] when the stage does not start, or something that is never broken does not answer.
    pub async fn endure(self, project: &Project, progress: &Progress) -> Result<Ended, Failure> {
        let Self {
            kills,
            pace,
            unpassed,
            deliveries,
            deadly,
            faults,
            relay,
            time_limit,
        } = self;
        let clock = Clock::start();
        let killer = Arc::new(Killer::new(clock, kills, pace, unpassed));
        let calm = Arc::clone(&killer);
        let faults: FaultPlan = Arc::new(move |function, call| {
            (!calm.has_stopped())
                .then(|| faults(function, call))
                .flatten()
        });
        let fate = Arc::clone(&killer);
        let mut stage = Stage::set(project, clock, fate, faults).await?;
        let mut probe = Probe::place(&stage.stack).await?;
        let traffic = Traffic::to(project, &stage)?;
        stage.start_event_sources(relay).await?;
        let ledger = stage.stack.ledger()?;
        let started = Instant::now();
        let enough = |sent: usize| {
            let killed = killer.killed();
            progress.show(&format!("{killed} of {kills} kills, {sent} deliveries"));
            (killed >= kills && sent >= deliveries) || started.elapsed() > time_limit
        };
        let done = AtomicBool::new(false);
        let sending = async {
            let sent = send(&traffic, &ledger, deadly, enough).await;
            done.store(true, Ordering::Relaxed);
            sent
        };
        let (sent, gathered) = join(sending, gather(&mut probe, &done)).await;
        let (sent, took) = (sent?, started.elapsed());
        gathered?;
        killer.stop();
        let standing = settle(&ledger, &sent.events, TIME_LIMIT, |open| {
            progress.show(&format!("{open} events have not ended yet"));
        })
        .await?;
        // Whatever a late copy of a message may still do, it does now.
        stage.quiet(TIME_LIMIT).await?;
        progress.end();
        let mut audit = Audit::take(&sent.events, &standing, &mut probe).await?;
        audit.compare(&sent.restarted, &standing.ended);
        audit.forged = sent.taken + intruders(&ledger, &sent.forged).await?;
        let folder = raw::write(project, &stage.stack, &sent, &mut probe).await?;
        audit.agrees(&raw::audit(project, &folder).await)?;
        Ok(Ended {
            kills: killer.kills(),
            audit,
            sent,
            took,
        })
    }
}

/// Takes the effects away as they come: the emulator grows slow with what lies in its queues.
async fn gather(probe: &mut Probe, done: &AtomicBool) -> Result<(), Failure> {
    while !done.load(Ordering::Relaxed) {
        probe.gather().await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
