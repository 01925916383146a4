//! `webhooks reconcile`, against the APIs of the official descriptions.

use serde_json::{Value, json};
use webhooks::timestamp::Timestamp;

use crate::place::{Place, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn brings_in_what_github_could_not_deliver() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let connect = ["connect", "github", "--repo", "o/r", "--credential", "-"];
    place
        .run(&api, &connect)
        .await
        .is(0, "its ping has arrived");
    let state = api.state().await;
    let hook = &state["hooks"][0]["id"];
    let at = Timestamp::from_seconds(Timestamp::now().seconds() - 600).to_string();
    let guid = "f1c3f6a0-1111-4000-8000-000000000001";
    let attempt = json!({"id": 42, "guid": guid, "delivered_at": at, "redelivery": false, "duration": 0.1,
        "status": "failed to connect", "status_code": 0, "event": "push", "action": null,
        "installation_id": null, "repository_id": 1, "throttled_at": null});
    let mut deliveries = state["deliveries"].clone();
    let list = deliveries[hook.to_string()].as_array_mut();
    list.expect("the pings").push(attempt);
    let payload = json!({"ref": "refs/heads/main"});
    api.set(json!({"deliveries": deliveries, "payloads": {guid: payload}}))
        .await;

    let credential = json!({"token": TOKEN, "repository": "o/r", "hook": hook}).to_string();
    let args = ["reconcile", "github", "--since", "1h", "--credential", "-"];
    let brought = place.reconcile(&api, &args, &credential).await;
    brought.is(0, "1 compared, 1 missing, 1 recovered");
    // The same credential serves to check the webhook.
    place
        .run(&api, &["connect", "--check"])
        .await
        .is(0, "as it should be");
}

#[tokio::test(flavor = "multi_thread")]
async fn brings_in_what_stripe_could_not_deliver() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    let connect = [
        "connect",
        "stripe",
        "--events",
        "charge.succeeded",
        "--credential",
        "-",
    ];
    place.run(&api, &connect).await.is(0, "is made");
    let event = |id: &str, kind: &str, ago: i64| -> Value {
        json!({"id": id, "object": "event", "api_version": "2025-09-30.clover", "livemode": false,
            "created": Timestamp::now().seconds() - ago, "type": kind, "pending_webhooks": 1,
            "data": {"object": {"id": "ch_1", "object": "charge"}}, "request": null})
    };
    let events = json!([
        event("evt_2", "charge.succeeded", 600),
        event("evt_1", "charge.failed", 700)
    ]);
    api.set(json!({"events": events})).await;
    let endpoint = api.state().await["endpoints"][0]["id"].clone();
    let credential = json!({"key": TOKEN, "endpoint": endpoint}).to_string();
    let args = ["reconcile", "stripe", "--since", "1h", "--credential", "-"];
    let brought = place.reconcile(&api, &args, &credential).await;
    brought.is(0, "1 compared, 1 missing, 1 recovered");
    assert!(
        brought.text.contains("stripe/default/evt_2"),
        "{}",
        brought.text
    );
}
