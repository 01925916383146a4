//! What was received before, or whose last attempt ended without a word: after everything else, one by
//! one.

use serde_json::Value;
use webhooks::event::EventKey;
use webhooks::ledger::{Status, Turn};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::sample::claim_in;
use crate::workshop::{MAX_ATTEMPTS, SLOW, Workshop, received_times};

/// Lets an attempt in each of the turns die with the event, long ago and one after the other.
async fn die(workshop: &Workshop, key: &EventKey, turns: &[Turn]) {
    for (turn, death) in turns.iter().zip(0..) {
        let now = Timestamp::from_seconds(death * 1000);
        claim_in(*turn, &workshop.ledger, key, now).await;
    }
}

#[tokio::test]
async fn an_event_whose_attempts_all_died_alone_is_failed_without_another() {
    let workshop = Workshop::open().await;
    for times in [1, 5] {
        let (key, record) = workshop.received("effect").await;
        die(&workshop, &key, &[Turn::Alone, Turn::Last, Turn::Last]).await;
        assert_eq!(workshop.state(&key).await.attempts, MAX_ATTEMPTS);
        workshop.finish(&received_times(&record, times)).await;
        let failed = workshop.state(&key).await;
        assert_eq!(failed.status, Status::Failed);
        assert_eq!(failed.cause.as_deref(), Some("the attempts are used up"));
        assert_eq!((workshop.runs(&key), workshop.effects(&key).await), (0, 0));
    }
}

#[tokio::test]
async fn an_attempt_that_died_in_company_has_not_counted() {
    let workshop = Workshop::open().await;
    for times in [1, 2] {
        let (key, record) = workshop.received("effect").await;
        die(&workshop, &key, &[Turn::Together]).await;
        workshop.finish(&received_times(&record, times)).await;
        let done = workshop.state(&key).await;
        assert_eq!((done.status, done.attempts), (Status::Done, 1));
        assert_eq!((workshop.runs(&key), workshop.effects(&key).await), (1, 1));
    }
}

#[tokio::test]
async fn an_attempt_that_died_alone_has_counted() {
    let workshop = Workshop::open().await;
    for times in [1, 3] {
        let (key, record) = workshop.received("effect").await;
        die(&workshop, &key, &[Turn::Together, Turn::Alone]).await;
        workshop.finish(&received_times(&record, times)).await;
        let done = workshop.state(&key).await;
        assert_eq!((done.status, done.attempts), (Status::Done, 2));
        assert_eq!(workshop.effects(&key).await, 1);
    }
}

#[tokio::test]
async fn the_last_attempt_of_all_may_follow_a_death() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("retry").await;
    die(&workshop, &key, &[Turn::Alone, Turn::Last]).await;
    workshop.finish(&received_times(&record, 3)).await;
    let failed = workshop.state(&key).await;
    assert_eq!((failed.status, failed.attempts), (Status::Failed, 3));
    let cause = "busy; no attempts left after 3";
    assert_eq!(failed.cause.as_deref(), Some(cause));
    assert_eq!(workshop.runs(&key), 1);
}

#[tokio::test]
async fn a_message_that_came_before_and_an_event_that_nobody_took_make_a_first_attempt() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    workshop.finish(&received_times(&record, 2)).await;
    let done = workshop.state(&key).await;
    assert_eq!((done.status, done.attempts), (Status::Done, 1));
}

#[tokio::test]
async fn of_two_copies_of_what_died_one_is_handled() {
    let workshop = Workshop::open().await;
    let (key, record) = workshop.received("effect").await;
    die(&workshop, &key, &[Turn::Together]).await;
    let copies = [record.clone(), received_times(&record, 2)];
    assert_eq!(workshop.process(&copies).await, Vec::<String>::new());
    assert_eq!((workshop.runs(&key), workshop.effects(&key).await), (1, 1));
}

#[tokio::test]
async fn what_came_before_is_handled_after_what_is_new() {
    let workshop = Workshop::open().await;
    for _ in 0..4 {
        let mut records = Vec::new();
        for _ in 0..8 {
            records.push(workshop.received("done").await.1);
        }
        let (again, record) = workshop.received("done").await;
        records.push(received_times(&record, 2));
        let (dead, record) = workshop.received("done").await;
        die(&workshop, &dead, &[Turn::Together]).await;
        records.push(record);
        assert_eq!(workshop.process(&records).await, Vec::<String>::new());
        let mut last = workshop.begun().split_off(workshop.begun().len() - 2);
        let mut expected = [again.to_string(), dead.to_string()];
        last.sort_unstable();
        expected.sort_unstable();
        assert_eq!(last, expected);
    }
}

/// More slow ones than an invocation has time for.
const SLOW_ONES: usize = limits::ALONE_UNTIL.as_secs().div_ceil(SLOW.as_secs()) as usize + 1;

#[tokio::test]
async fn what_an_invocation_has_no_time_for_comes_again_untouched() {
    let workshop = Workshop::open().await;
    let mut keys: Vec<EventKey> = Vec::new();
    let mut records: Vec<Value> = Vec::new();
    for _ in 0..SLOW_ONES {
        let (key, record) = workshop.received("slow").await;
        keys.push(key);
        records.push(received_times(&record, 2));
    }
    let again = workshop.process(&records).await;
    assert!(!again.is_empty() && again.len() < SLOW_ONES, "{again:?}");
    for key in &keys {
        let left = again.contains(&key.id);
        let status = if left { Status::Received } else { Status::Done };
        assert_eq!(workshop.state(key).await.status, status);
        assert_eq!(workshop.runs(key), u32::from(!left));
    }
}
