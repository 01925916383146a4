//! Short trials of the real binaries. The long ones are `make chaos`, `make soak` and
//! `lab outages`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lab::trial::chaos::chaos;
use lab::trial::experiment::Experiment;
use lab::trial::killer::{AT_RANDOM, Pace, WHOLE};
use lab::trial::malformed::refuse;
use lab::trial::outages::table;
use lab::trial::progress::Progress;
use lab::trial::random_faults::RandomFaults;
use tokio::sync::Mutex;
use webhooks::faults::POINTS;
use webhooks_cli::project::Project;

/// One trial at a time: each fills the machine.
static STAGE: Mutex<()> = Mutex::const_new(());

const TIME_LIMIT: Duration = Duration::from_secs(240);

fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_processes_die_between_any_two_steps() {
    let _alone = STAGE.lock().await;
    let (project, progress) = (project(), Progress::on_screen());
    let ended = chaos(60, TIME_LIMIT).endure(&project, &progress).await;
    let ended = ended.expect("the stage stands");
    let killed: BTreeSet<&str> = ended.kills.keys().copied().collect();
    let places = POINTS.iter().flat_map(|(_, places)| places.iter().copied());
    assert_eq!(killed, places.chain([AT_RANDOM]).collect());
    assert!(ended.audit.acknowledged > 100, "{:?}", ended.audit);
    assert!(ended.audit.is_clean(), "{:?}", ended.audit);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_under_load_while_calls_break() {
    let _alone = STAGE.lock().await;
    let random_faults = Arc::new(RandomFaults::default());
    let experiment = Experiment {
        kills: 5,
        pace: Pace::Soon,
        unpassed: &[WHOLE],
        deliveries: 400,
        deadly: 1,
        faults: random_faults.plan(20),
        relay: Duration::from_secs(2),
        time_limit: TIME_LIMIT,
    };
    let ended = experiment.endure(&project(), &Progress::on_screen()).await;
    let ended = ended.expect("the stage stands");
    assert_eq!(ended.kills.values().sum::<usize>(), 5);
    assert!(ended.sent.deliveries >= 400);
    assert!(random_faults.broken().values().sum::<usize>() > 10);
    assert!(ended.audit.acknowledged > 100, "{:?}", ended.audit);
    assert!(ended.audit.is_clean(), "{:?}", ended.audit);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_however_the_queue_breaks() {
    let _alone = STAGE.lock().await;
    let clean = table(&project(), "SendMessage", &Progress::on_screen()).await;
    assert!(clean.expect("the stage stands"));
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_and_write_nothing() {
    let _alone = STAGE.lock().await;
    let outcome = refuse(&project()).await.expect("the stage stands");
    assert!(outcome.rows.len() > 100);
    assert_eq!(outcome.wrong(), Vec::<&str>::new());
    assert_eq!((outcome.writes, outcome.deaths), (0, 0));
}
