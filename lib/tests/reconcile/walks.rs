//! Walks through what a provider says it sent, while everything goes wrong that can.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::join;
use webhooks::provider_api::ApiError;
use webhooks::reconcile::{Beyond, Found, Scope, Stopped, Walked};
use webhooks::timestamp::Timestamp;

use crate::hook::{Attempt, Hook, Kept, github};
use crate::sent::{Sent, ago};
use crate::walk::{Source, from_the_mark};

/// Attempts a minute apart, the newest ten minutes ago.
fn attempts(number: u64) -> Vec<Attempt> {
    let attempt = |at: u64| {
        let seconds = i64::try_from(600 + at * 10).expect("not long ago");
        Attempt::new(number - at, seconds)
    };
    (0..number).map(attempt).collect()
}

async fn run(source: &Source, hook: &Hook) -> Walked {
    source
        .run(github(), &*hook.archive(), from_the_mark())
        .await
}

fn recovered(walked: &Walked) -> u64 {
    walked.count(|found| matches!(found, Found::Recovered { .. }))
}

/// A source that was compared six hours ago.
async fn compared() -> Source {
    let source = Source::enter().await;
    source.compared_until("github", ago(360)).await;
    source
}

#[tokio::test]
async fn finds_the_missing_among_many_once() {
    let source = compared().await;
    let all = attempts(200);
    let arrived = all
        .iter()
        .filter(|attempt| attempt.id % 10 != 3)
        .cloned()
        .collect();
    // What has arrived is there already.
    let before = run(&source, &Hook::with(arrived).await).await;
    assert_eq!((before.stopped, before.checked), (None, 180));
    source.compared_until("github", ago(360)).await;

    let hook = Hook::with(all.clone()).await;
    let walked = run(&source, &hook).await;
    assert_eq!(walked.stopped, None);
    assert_eq!((walked.checked, recovered(&walked)), (200, 20));
    let mut ids: Vec<_> = walked.findings.iter().map(|f| f.key.id.clone()).collect();
    let missing = all.iter().filter(|attempt| attempt.id % 10 == 3);
    let mut missing: Vec<_> = missing.map(Attempt::key).collect();
    ids.sort_unstable();
    missing.sort_unstable();
    assert_eq!(ids, missing);
    assert_eq!(source.queue.bodies().await.len(), 200);

    let again = run(&source, &hook).await;
    assert_eq!((again.stopped, again.findings.len()), (None, 0));
    // It has not read what it had compared.
    assert!(again.checked < 100, "{}", again.checked);
}

/// The loss of which nobody knew: 300 of 5,000.
#[tokio::test]
async fn finds_three_hundred_among_five_thousand() {
    let source = Source::enter().await;
    let all = attempts(5000);
    let is_lost = |attempt: &&Attempt| attempt.id % 50 < 3;
    let (lost, arrived): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|one| is_lost(&one));
    assert_eq!(lost.len(), 300);
    source.received(&arrived).await;
    let before = ago(15 * 60);
    source.compared_until("github", before).await;

    let hook = Hook::with(all).await;
    hook.state().page = 100;
    let walked = run(&source, &hook).await;
    assert_eq!(walked.stopped, None);
    assert_eq!((walked.checked, recovered(&walked)), (5000, 300));
    let found: BTreeSet<_> = walked.findings.iter().map(|f| f.key.id.clone()).collect();
    assert_eq!(found, lost.iter().map(Attempt::key).collect());
    let reached = source.mark("github").await.reached.expect("a mark");
    assert!(reached > ago(7) && reached < Timestamp::now(), "{reached}");

    let again = run(&source, &hook).await;
    assert_eq!((again.stopped, again.findings.len()), (None, 0));
    // Each once, and none of those that had arrived.
    assert_eq!(source.queue.bodies().await.len(), 300);
}

#[tokio::test]
async fn a_list_that_shifts_loses_nothing_and_doubles_nothing() {
    let source = compared().await;
    let hook = Hook::with(attempts(50)).await;
    hook.state().is_busy = true;
    let walked = run(&source, &hook).await;
    assert_eq!((walked.stopped.clone(), recovered(&walked)), (None, 50));
    assert_eq!(source.queue.bodies().await.len(), 50);
}

#[tokio::test]
async fn an_empty_page_is_not_the_end() {
    let source = compared().await;
    let hook = Hook::with(attempts(25)).await;
    hook.state().has_empty_page = true;
    let walked = run(&source, &hook).await;
    assert_eq!((walked.stopped.clone(), recovered(&walked)), (None, 25));
}

#[tokio::test]
async fn a_limit_is_kept_and_the_walk_goes_on_from_its_page() {
    let source = compared().await;
    let reached = source.mark("github").await.reached;
    let hook = Hook::with(attempts(50)).await;
    // Two pages with what is in them, and a part of the third.
    hook.state().calls_left = Some(2 + 25);
    let walked = run(&source, &hook).await;
    let Some(Stopped::Limited { until }) = walked.stopped else {
        panic!("{:?}", walked.stopped);
    };
    assert_eq!(source.mark("github").await.reached, reached);
    let calls = hook.api.calls().len();
    while Timestamp::now() < until {
        let early = run(&source, &hook).await;
        if early.stopped == Some(Stopped::Limited { until }) {
            assert_eq!(hook.api.calls().len(), calls, "it asks before its time");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    run(&source, &hook).await;
    assert_eq!(source.queue.bodies().await.len(), 50);
    assert!(source.mark("github").await.reached > reached);
    let first_pages = hook.cursors().iter().filter(|c| c.is_empty()).count();
    assert!(first_pages <= 2, "{:?}", hook.cursors());
}

#[tokio::test]
async fn a_run_whose_time_is_over_goes_on_later() {
    let source = compared().await;
    let hook = Hook::with(attempts(30)).await;
    let (mut runs, mut found) = (0, 0);
    loop {
        let scope = Scope {
            until: Instant::now(),
            ..from_the_mark()
        };
        let walked = source.run(github(), &*hook.archive(), scope).await;
        found += recovered(&walked);
        runs += 1;
        match walked.stopped {
            None => break,
            Some(Stopped::TimeOver) => assert!(runs < 100),
            other => panic!("{other:?}"),
        }
    }
    assert!(runs > 20, "{runs}");
    assert_eq!(found, 30);
    assert_eq!(source.queue.bodies().await.len(), 30);
}

#[tokio::test]
async fn an_api_that_is_down_moves_nothing() {
    let source = compared().await;
    let before = source.mark("github").await;
    let hook = Hook::with(attempts(5)).await;
    hook.state().is_down = true;
    let walked = run(&source, &hook).await;
    let down = Some(Stopped::Api(ApiError::Unavailable("status 503".to_owned())));
    assert_eq!(walked.stopped, down);
    assert_eq!(source.mark("github").await.reached, before.reached);
    hook.state().is_down = false;
    assert_eq!(recovered(&run(&source, &hook).await), 5);
}

#[tokio::test]
async fn attempts_of_one_event_are_one_and_pings_are_none() {
    let source = compared().await;
    let mut attempts = attempts(3);
    let guid = attempts[2].guid.clone();
    attempts[0].guid.clone_from(&guid);
    attempts[0].again = true;
    attempts[1].event = "ping";
    let walked = run(&source, &Hook::with(attempts).await).await;
    assert_eq!((walked.checked, recovered(&walked)), (1, 1));
    assert_eq!(source.queue.bodies().await.len(), 1);
}

#[tokio::test]
async fn what_has_no_payload_is_asked_for_once_and_what_is_gone_is_named() {
    let source = compared().await;
    let mut listed = attempts(3);
    listed[1].kept = Kept::NoPayload;
    listed[2].kept = Kept::Nothing;
    let hook = Hook::with(listed.clone()).await;
    let walked = run(&source, &hook).await;
    let found: Vec<_> = walked.findings.iter().map(|f| f.found).collect();
    let expected = [
        Found::Recovered { as_sent: false },
        Found::AskedFor,
        Found::Beyond(Beyond::Gone),
    ];
    assert_eq!((walked.stopped, found), (None, expected.to_vec()));
    assert_eq!(hook.state().asked_again, [listed[1].id]);

    // It was sent again, and did not arrive either.
    let again = Attempt {
        id: 99,
        again: true,
        at: ago(6),
        ..listed[1].clone()
    };
    hook.state().attempts = vec![again];
    let walked = run(&source, &hook).await;
    let found: Vec<_> = walked.findings.iter().map(|f| f.found).collect();
    assert_eq!(found, [Found::Beyond(Beyond::NoPayload)]);
    assert_eq!(hook.state().asked_again.len(), 1);
}

#[tokio::test]
async fn one_that_cannot_be_had_keeps_no_other_away() {
    let source = compared().await;
    let mut listed = attempts(4);
    listed[0].kept = Kept::NoPayload;
    listed[1].kept = Kept::Secret;
    let hook = Hook::with(listed).await;
    hook.state().is_read_only = true;
    let walked = run(&source, &hook).await;
    let found: Vec<_> = walked.findings.iter().map(|f| f.found).collect();
    let recovered = Found::Recovered { as_sent: false };
    let expected = [
        Found::Beyond(Beyond::NoPayload),
        Found::Beyond(Beyond::Malformed),
        recovered,
        recovered,
    ];
    assert_eq!((walked.stopped, found), (None, expected.to_vec()));
}

#[tokio::test]
async fn a_delivery_that_comes_after_all_is_a_duplicate_and_no_conflict() {
    let source = compared().await;
    let attempt = attempts(1).remove(0);
    run(&source, &Hook::with(vec![attempt.clone()]).await).await;
    let item = source.item("github", &attempt.key()).await;
    let first = item.state.history.first().expect("an entry");
    assert!(first.contains(" reconciled: "), "{first}");
    assert_eq!(item.illegalities(Duration::ZERO), []);

    // The very bytes, which the API has written anew.
    let mut sent = Sent::new("github", "github-push.json", 10, "");
    sent.delivery
        .headers
        .set("x-github-delivery", attempt.guid.clone());
    sent.delivery.headers.set("x-github-hook-id", "1");
    let existing = source.receive("github", &sent.delivery).await;
    assert!(!existing.conflict);
}

#[tokio::test]
async fn a_clock_that_is_wrong_hides_nothing() {
    for ahead in [3600, -3600] {
        let source = Source::enter().await;
        source.compared_until("github", ago(300)).await;
        let shifted = |mut attempt: Attempt| {
            attempt.at = Timestamp::from_seconds(attempt.at.seconds() + ahead);
            attempt
        };
        let mut listed: Vec<_> = attempts(20).into_iter().map(shifted).collect();
        // One may still be on its way.
        listed.insert(0, shifted(Attempt::new(777, 5)));
        let hook = Hook::with(listed).await;
        hook.state().ahead = ahead;
        let walked = run(&source, &hook).await;
        assert_eq!(
            (walked.stopped.clone(), recovered(&walked)),
            (None, 20),
            "{ahead}"
        );
        // Some time later it has not arrived.
        let later = |attempt: &mut Attempt| attempt.at = shifted(Attempt::new(777, 400)).at;
        later(&mut hook.state().attempts[0]);
        assert_eq!(recovered(&run(&source, &hook).await), 1, "{ahead}");
    }
}

#[tokio::test]
async fn a_gap_beyond_the_window_is_noted_and_stays() {
    let source = Source::enter().await;
    source.compared_until("github", ago(5 * 24 * 60)).await;
    let hook = Hook::with(attempts(2)).await;
    for _ in 0..2 {
        let walked = run(&source, &hook).await;
        assert_eq!(walked.stopped, None);
        let [gap] = *walked.gaps else {
            panic!("{:?}", walked.gaps);
        };
        let hours = gap.from.age(gap.to).as_secs() / 3600;
        assert!((47..=48).contains(&hours), "{gap}");
    }
    assert_eq!(source.queue.bodies().await.len(), 2);
}

#[tokio::test]
async fn the_first_run_begins_now() {
    let source = Source::enter().await;
    let hook = Hook::with(attempts(5)).await;
    let walked = run(&source, &hook).await;
    assert_eq!((walked.stopped.clone(), walked.checked), (None, 0));
    assert!(walked.reached.is_some_and(|reached| reached >= ago(6)));
}

#[tokio::test]
async fn what_the_ledger_has_forgotten_is_not_born_again() {
    let mut source = Source::enter().await;
    source.reconciler.retention = Duration::from_secs(2 * 24 * 3600);
    source.compared_until("github", ago(3 * 24 * 60 - 60)).await;
    let day = 24 * 3600;
    let listed = vec![
        Attempt::new(3, 3600),
        Attempt::new(2, day + 600),
        Attempt::new(1, 2 * day + 600),
    ];
    let walked = run(&source, &Hook::with(listed.clone()).await).await;
    let found: Vec<_> = walked.findings.iter().map(|f| f.key.id.clone()).collect();
    assert_eq!(found, [listed[0].key()]);
}

#[tokio::test]
async fn two_runs_at_one_time_record_each_event_once() {
    let source = compared().await;
    let hook = Hook::with(attempts(30)).await;
    let (one, other) = join(run(&source, &hook), run(&source, &hook)).await;
    assert_eq!(recovered(&one) + recovered(&other), 30);
    assert_eq!(source.queue.bodies().await.len(), 30);
    let stopped = [&one, &other].map(|walked| walked.stopped.clone());
    assert!(stopped.contains(&Some(Stopped::Overtaken)), "{stopped:?}");
    assert!(stopped.contains(&None), "{stopped:?}");
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let source = compared().await;
    let before = source.mark("github").await;
    let hook = Hook::with(attempts(4)).await;
    let scope = Scope {
        dry_run: true,
        ..from_the_mark()
    };
    let walked = source.run(github(), &*hook.archive(), scope).await;
    assert_eq!(walked.count(|found| found == Found::Missing), 4);
    assert_eq!(source.mark("github").await, before);
    assert!(source.queue.bodies().await.is_empty());
}

#[tokio::test]
async fn a_run_that_is_ended_without_a_word_begins_again_at_its_page() {
    let source = compared().await;
    let hook = Hook::with(attempts(50)).await;
    let archive = hook.archive();
    let third_page = async {
        while hook.cursors().len() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // Dropped, as a function that has to end is.
    tokio::select! {
        walked = source.run(github(), &*archive, from_the_mark()) => panic!("{walked:?}"),
        () = third_page => {}
    }
    let walked = run(&source, &hook).await;
    assert_eq!(walked.stopped, None);
    assert_eq!(hook.cursors()[3], "20", "{:?}", hook.cursors());
    for attempt in attempts(50) {
        let payload = source.payload("github", &attempt.key()).await;
        assert!(!payload.is_empty());
    }
}
