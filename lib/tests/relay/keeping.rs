//! What has not ended does not expire.

use webhooks::event::EventKey;
use webhooks::ledger::Record;
use webhooks::limits::{self, ITEM_PAYLOAD_AT_MOST};
use webhooks::timestamp::Timestamp;

use crate::scene::{RETENTION, Scene, counts};
use crate::support::sample::{event_of, fresh_key, item, missed_at};
use crate::support::unique;

/// An event that was recorded a minute ago and missed, whose receipt expires at that time.
async fn expiring(scene: &Scene, now: Timestamp, expires_at: Timestamp) -> EventKey {
    let key = fresh_key();
    let then = Timestamp::from_millis(now.millis() - 60_000);
    let event = event_of(&key, "github.push", then, b"{}");
    let token = unique("token");
    let record = scene
        .ledger
        .record(&event, &token, expires_at, ITEM_PAYLOAD_AT_MOST)
        .await;
    assert!(matches!(record, Ok(Record::New)), "{record:?}");
    missed_at(&scene.ledger, &key, then).await;
    key
}

#[tokio::test]
async fn a_receipt_that_would_soon_expire_is_kept_for_longer_and_no_other() {
    let scene = Scene::set().await;
    // The emulator removes what has expired, by its own clock.
    let now = Timestamp::from_seconds(Timestamp::now().seconds());
    let (soon, later) = (
        now.after(limits::EXTENSION),
        now.after(limits::EXTENSION + limits::GRACE),
    );
    let (extended, kept) = (
        expiring(&scene, now, soon).await,
        expiring(&scene, now, later).await,
    );
    assert_eq!(counts(scene.relay().run(now).await), (2, 0, 0));
    let expires_at = async |key| item(&scene.ledger, key).await.receipt.expires_at;
    assert_eq!(expires_at(&extended).await, now.after(RETENTION));
    assert_eq!(expires_at(&kept).await, later);
}

#[tokio::test]
async fn a_state_that_the_relay_moves_on_has_no_end() {
    let scene = Scene::set().await;
    let now = Timestamp::from_seconds(Timestamp::now().seconds());
    let key = expiring(&scene, now, now.after(RETENTION)).await;
    assert_eq!(counts(scene.relay().run(now).await), (1, 0, 0));
    let state = scene.world.state_item(&scene.table, &key).await;
    let state = state.expect("a state");
    assert!(!state.contains_key("expires_at"), "{state:?}");
}
