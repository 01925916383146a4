//! Stripe.

use serde_json::json;

use crate::place::{Place, sdk};

const CONNECT: [&str; 4] = ["connect", "stripe", "--credential", "-"];

#[tokio::test(flavor = "multi_thread")]
async fn stores_the_secret_that_is_shown_once() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    sdk("stripe", &api).await;
    api.calls().await;

    let args = [
        &CONNECT[..],
        &["--events", "charge.succeeded,charge.failed"],
    ]
    .concat();
    let shown = place.run(&api, &[&args[..], &["--dry-run"]].concat()).await;
    shown.is(0, "POST https://api.stripe.com/v1/webhook_endpoints");
    assert_eq!(api.calls().await, ["GET /v1/webhook_endpoints"]);

    place.run(&api, &args).await.is(0, "stripe trigger");
    let state = api.state().await;
    let endpoint = &state["endpoints"][0];
    assert_eq!(endpoint["url"], "https://hooks.example/webhooks/stripe");
    assert_eq!(
        endpoint["enabled_events"],
        json!(["charge.succeeded", "charge.failed"])
    );
    let id = endpoint["id"].as_str().expect("an id");
    let secrets = place.secrets("stripe", "default").await;
    assert_eq!(json!(secrets), json!([state["secrets"][id]]));

    // Never a second one; what it asks for stays.
    place.run(&api, &CONNECT).await.is(0, "is set");
    assert_eq!(api.state().await["endpoints"], state["endpoints"]);
    assert_eq!(place.secrets("stripe", "default").await, secrets);

    let mut endpoints = state["endpoints"].clone();
    endpoints[0]["status"] = json!("disabled");
    api.set(json!({"endpoints": endpoints})).await;
    let check = [&CONNECT[..], &["--check"]].concat();
    place
        .run(&api, &check)
        .await
        .is(1, "it is disabled\n    webhooks connect stripe");
    place.run(&api, &CONNECT).await.is(0, "is set");
    place.run(&api, &check).await.is(0, "as it should be");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_secret_nobody_has_is_left_alone() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    place.run(&api, &CONNECT).await.is(0, "is made");
    let gone = place.stack.remove_secret("stripe", "default").await;
    gone.expect("SSM answers");
    let lost = place.run(&api, &CONNECT).await;
    lost.is(1, "webhooks rotate stripe");
    assert!(place.secrets("stripe", "default").await.is_empty());
}
