//! Histories of a real table, held against the transitions.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::event::EventKey;
use webhooks::ledger::{
    Claim, Illegal, Ledger, Look, Replay, Settlement, Status, Turn, What, Writes,
};
use webhooks::limits;
use webhooks_cli::audit::audit;

use support::World;
use support::sample::{FAR, START, at, event, failed, fresh_key, item, record};

fn put_off(choice: u8, pause: Duration) -> Settlement {
    let cause = "busy, or so: it says".to_owned();
    if choice == 0 {
        Settlement::Retry { cause, pause }
    } else {
        Settlement::Released { cause, pause }
    }
}

/// Takes an event through transitions at random, each at a time at which it can be.
async fn walk(ledger: &Ledger, key: &EventKey, random: &mut fastrand::Rng) {
    let mut now = at(1);
    if random.bool() {
        let look = Look::NotTaken;
        let listed = ledger.list_as_overdue(key, look, at(0), now).await;
        assert!(listed.expect("DynamoDB answers"));
    }
    for _ in 0..random.u8(1..40) {
        let turn = [Turn::Together, Turn::Alone, Turn::Last][random.usize(0..3)];
        now = now.after(Duration::from_millis(random.u64(0..2000)));
        let lease = match ledger
            .claim(key, turn, now)
            .await
            .expect("DynamoDB answers")
        {
            Claim::Mine(lease) => lease,
            Claim::NotDue(at) => {
                now = at;
                continue;
            }
            Claim::Leased | Claim::Silent => {
                now = now.after(limits::LEASE);
                continue;
            }
            Claim::Ended(Status::Failed) => {
                let again = if random.bool() {
                    let by = Replay::new("assumed-role/Operators/jane", "the cause is mended");
                    ledger.replay(key, "again", &by, FAR, now).await
                } else {
                    ledger.reopen(key, "again", random.bool(), FAR, now).await
                };
                assert!(again.expect("DynamoDB answers"));
                continue;
            }
            Claim::Ended(_) => return,
        };
        let settlement = match random.u8(0..8) {
            choice @ 0..=3 => put_off(choice % 2, Duration::from_secs(random.u64(0..1000))),
            4 | 5 => failed("no such customer"),
            6 => continue,
            _ => Settlement::Done(Writes::none()),
        };
        let settled = ledger.settle(&lease, settlement, FAR, now).await;
        settled.expect("DynamoDB answers");
    }
}

#[tokio::test]
async fn whatever_the_transitions_leave_is_legal() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..40 {
        let key = fresh_key();
        record(&ledger, &event(&key)).await;
        walk(&ledger, &key, &mut random).await;
        let item = item(&ledger, &key).await;
        assert_eq!(item.illegalities(limits::CALL), [], "{:?}", item.state);
        let timeline = item.timeline();
        let unknown = timeline.iter().find(|entry| entry.what == What::Unknown);
        assert_eq!(unknown, None, "{:?}", item.state);
    }
}

/// Replaces an event's history and status by hand, as no transition would.
async fn tamper(world: &World, key: &EventKey, status: &str, history: &[(i64, &str)]) {
    let state = format!("{}/{}#state/{}", key.provider, key.source, key.id);
    let entries = history
        .iter()
        .map(|(second, what)| AttributeValue::S(format!("{} {what}", at(*second).millis())));
    let update = world.dynamodb().update_item().table_name(world.table());
    update
        .key("pk", AttributeValue::S(state))
        .update_expression("SET #status = :status, history = :history, attempts = :one")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":status", AttributeValue::S(status.to_owned()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .expression_attribute_values(":history", AttributeValue::L(entries.collect()))
        .send()
        .await
        .expect("DynamoDB answers");
}

#[tokio::test]
async fn what_no_transition_leaves_is_named_with_the_entry_that_is_wrong() {
    let world = World::enter().await;
    let (ledger, key) = (world.ledger(), fresh_key());
    record(&ledger, &event(&key)).await;
    let secret = world.stack.put_secret(&key.provider, &key.source, "s3cret");
    secret.await.expect("SSM answers");
    let retry = "to be tried again in 60 s: busy";
    for (status, history, illegal) in [
        ("done", &[(1, "done")][..], Illegal::Order(1)),
        (
            "done",
            &[(1, "processing"), (2, "done"), (3, "done")],
            Illegal::Order(3),
        ),
        (
            "done",
            &[(1, "processing"), (2, "vanished")],
            Illegal::Unknown(2),
        ),
        (
            "failed",
            &[(1, "processing"), (2, "done")],
            Illegal::Status(Status::Failed),
        ),
        (
            "processing",
            &[(1, "processing"), (20, "processing")],
            Illegal::Early(2),
        ),
        (
            "processing",
            &[(1, "processing"), (2, retry), (50, "processing")],
            Illegal::Early(3),
        ),
        (
            "done",
            &[(100, "processing"), (90, "done")],
            Illegal::Backwards(2),
        ),
        ("waiting", &[(1, "not taken yet")], Illegal::Attempts(1)),
    ] {
        tamper(&world, &key, status, history).await;
        let found = item(&ledger, &key).await.illegalities(limits::CALL);
        assert!(found.contains(&illegal), "{history:?}: {found:?}");
        let audited = audit(&world.stack, START).await.expect("AWS answers");
        assert_eq!(audited.illegal, [(key.clone(), found)]);
    }
    // A write that was on its way for a second, by a clock that is five behind.
    tamper(&world, &key, "done", &[(100, "processing"), (94, "done")]).await;
    let item = item(&ledger, &key).await;
    let backwards = Illegal::Backwards(2);
    assert!(!item.illegalities(limits::CALL).contains(&backwards));
    assert!(item.illegalities(Duration::ZERO).contains(&backwards));
}
