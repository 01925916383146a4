//! The end of an attempt.

use webhooks::event::EventKey;
use webhooks::ledger::{Lease, Ledger, Listing, Settled, Settlement, Status, Turn, Writes};
use webhooks::limits;
use webhooks::timestamp::Timestamp;

use crate::support::World;
use crate::support::broken::Lossy;
use crate::support::sample::{
    FAR, at, claim, claim_in, event, failed, fresh_key, item, record, reopen, retry,
};

async fn settle(ledger: &Ledger, lease: &Lease, end: Settlement, now: Timestamp) -> Settled {
    let settled = ledger.settle(lease, end, FAR, now).await;
    settled.expect("DynamoDB answers")
}

fn done() -> Settlement {
    Settlement::Done(Writes::none())
}

/// A recorded event and the first attempt's hold on it.
async fn attempt(ledger: &Ledger) -> (EventKey, Lease) {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    let (lease, _) = claim(ledger, &key, at(1)).await;
    (key, lease)
}

#[tokio::test]
async fn the_same_end_is_written_once_and_holds_both_times() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for end in [done(), Settlement::Ignored, retry(1), failed("no")] {
        let (key, lease) = attempt(&ledger).await;
        assert_eq!(
            settle(&ledger, &lease, end.clone(), at(2)).await,
            Settled::Written
        );
        let once = item(&ledger, &key).await;
        assert_eq!(settle(&ledger, &lease, end, at(2)).await, Settled::Written);
        assert_eq!(item(&ledger, &key).await, once);
    }
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_holds() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let ledger = Ledger::new(client, world.table());
    for end in [done(), Settlement::Ignored, retry(1), failed("no")] {
        let (key, lease) = attempt(&ledger).await;
        lossy.lose(1);
        assert_eq!(settle(&ledger, &lease, end, at(2)).await, Settled::Written);
        assert!(lossy.all_lost());
        assert_eq!(item(&ledger, &key).await.state.attempts, 1);
    }
}

#[tokio::test]
async fn an_end_that_came_too_late_to_be_the_same_is_lost() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, lease) = attempt(&ledger).await;
    assert_eq!(
        settle(&ledger, &lease, failed("no"), at(2)).await,
        Settled::Written
    );
    assert_eq!(settle(&ledger, &lease, done(), at(3)).await, Settled::Lost);
    assert_eq!(item(&ledger, &key).await.state.status, Status::Failed);
}

#[tokio::test]
async fn a_failed_event_has_a_cause_and_is_listed() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, lease) = attempt(&ledger).await;
    settle(&ledger, &lease, failed("no such customer"), at(2)).await;
    let failed = item(&ledger, &key).await.state;
    assert_eq!(failed.cause.as_deref(), Some("no such customer"));
    assert_eq!((failed.due_at, failed.overdue_at), (None, Some(at(2))));
    let listing = Listing {
        provider: key.provider.clone(),
        source: key.source.clone(),
        kind: None,
        status: Some(Status::Failed),
        since: at(0),
        until: at(0),
        limit: usize::MAX,
    };
    let listed = ledger.list(&listing).await.expect("DynamoDB answers");
    let listed = listed
        .iter()
        .find(|summary| summary.key == key)
        .expect("it is listed");
    assert_eq!(listed.cause.as_deref(), Some("no such customer"));
}

#[tokio::test]
async fn a_message_that_can_be_delayed_has_its_grace_before_the_event_is_overdue() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let longest = limits::LONGEST_DELAY.as_secs();
    for (pause, overdue_at) in [
        (300, at(302).after(limits::GRACE)),
        (longest, at(902).after(limits::GRACE)),
        // For a longer pause there is no message but the relay's.
        (longest + 1, at(903)),
        (43_200, at(43_202)),
    ] {
        let (key, lease) = attempt(&ledger).await;
        let settled = settle(&ledger, &lease, retry(pause), at(2)).await;
        assert_eq!(settled, Settled::Written);
        let state = item(&ledger, &key).await.state;
        assert_eq!((state.status, state.attempts), (Status::Waiting, 1));
        assert_eq!(state.cause.as_deref(), Some("busy"));
        let due_at = at(2).after(std::time::Duration::from_secs(pause));
        assert_eq!(
            (state.due_at, state.overdue_at),
            (Some(due_at), Some(overdue_at)),
            "{pause} s"
        );
    }
}

#[tokio::test]
async fn what_has_ended_well_is_in_no_index_and_has_no_cause() {
    let world = World::enter().await;
    let ledger = world.ledger();
    for end in [done(), Settlement::Ignored] {
        let (key, lease) = attempt(&ledger).await;
        settle(&ledger, &lease, retry(1), at(2)).await;
        let (second, _) = claim(&ledger, &key, at(3)).await;
        settle(&ledger, &second, end, at(4)).await;
        let state = item(&ledger, &key).await.state;
        assert_eq!(
            (state.overdue_at, state.due_at, state.cause),
            (None, None, None)
        );
        let raw = world
            .state_item(world.table(), &key)
            .await
            .expect("a state");
        assert!(!raw.contains_key("overdue"), "{raw:?}");
    }
}

#[tokio::test]
async fn a_state_expires_once_it_has_ended_and_not_before() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (key, first) = attempt(&ledger).await;
    let expires = async || {
        let state = world.state_item(world.table(), &key).await;
        let expires_at = state.expect("a state").remove("expires_at")?;
        expires_at.as_n().ok().cloned()
    };
    let end = Some(FAR.seconds().to_string());
    assert_eq!(expires().await, None, "processing");
    settle(&ledger, &first, retry(10), at(2)).await;
    assert_eq!(expires().await, None, "waiting");
    let (second, _) = claim(&ledger, &key, at(12)).await;
    settle(&ledger, &second, failed("no"), at(13)).await;
    assert_eq!(expires().await, end, "failed");
    assert!(reopen(&ledger, &key, "again", at(20)).await);
    assert_eq!(expires().await, None, "waiting again");
    let (third, _) = claim_in(Turn::Alone, &ledger, &key, at(21)).await;
    assert_eq!(expires().await, None, "processing again");
    settle(&ledger, &third, done(), at(22)).await;
    assert_eq!(expires().await, end, "done");
}
