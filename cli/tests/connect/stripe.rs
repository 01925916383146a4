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
    lost.is(1, "with --secret");
    lost.is(1, "DELETE https://api.stripe.com/v1/webhook_endpoints/we_");
    // Nor is another one made beside it, whose like nobody could drop.
    let rotate = [&["rotate"], &CONNECT[1..]].concat();
    let rotated = place.run(&api, &rotate).await;
    rotated.is(1, "webhooks connect stripe --secret WHERE");
    assert!(place.secrets("stripe", "default").await.is_empty());
    let endpoints = &api.state().await["endpoints"];
    assert_eq!(endpoints.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_answer_was_lost_is_asked_for_again() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    let create = "POST /v1/webhook_endpoints";
    api.set(json!({"lose": [create, create]})).await;
    place.run(&api, &CONNECT).await.is(0, "is made");
    let calls = api.calls().await;
    assert_eq!(calls.iter().filter(|call| *call == create).count(), 3);
    let state = api.state().await;
    assert_eq!(state["endpoints"].as_array().map(Vec::len), Some(1));
    let id = state["endpoints"][0]["id"].as_str().expect("an id");
    let secrets = place.secrets("stripe", "default").await;
    assert_eq!(json!(secrets), json!([state["secrets"][id]]));
    // One that is lost for good, beside the old one.
    api.set(json!({"lose": vec![create; 9]})).await;
    let rotate = [&["rotate"], &CONNECT[1..]].concat();
    place.run(&api, &rotate).await.is(1, "does not answer");
    api.set(json!({"lose": []})).await;
    let twice = place.run(&api, &rotate).await;
    twice.is(1, "the stack has one secret");
    let endpoints = &api.state().await["endpoints"];
    assert_eq!(endpoints.as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_endpoint_is_like_the_first_one() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    place.run(&api, &CONNECT).await.is(0, "is made");
    let mut endpoints = api.state().await["endpoints"].clone();
    endpoints[0]["api_version"] = json!("2024-06-20");
    endpoints[0]["application"] = json!("ca_1");
    endpoints[0]["description"] = json!("Payments & more");
    api.set(json!({"endpoints": endpoints})).await;
    let check = [&CONNECT[..], &["--check"]].concat();
    place.run(&api, &check).await.is(
        1,
        "of the API version 2024-06-20, and the account's is 2025-09-30.clover",
    );
    let rotate = [&["rotate"], &CONNECT[1..]].concat();
    place.run(&api, &rotate).await.is(0, "is made beside");
    let state = api.state().await;
    for name in [
        "api_version",
        "application",
        "description",
        "enabled_events",
    ] {
        assert_eq!(state["endpoints"][0][name], state["endpoints"][1][name]);
    }
    // The account's own, given or not.
    endpoints[0]["api_version"] = json!("2025-09-30.clover");
    api.set(json!({"endpoints": endpoints})).await;
    place.run(&api, &check).await.is(0, "as it should be");
}
