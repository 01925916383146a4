//! Linear, as <https://linear.app/developers/graphql> has it.

use serde_json::{Value, json};

use crate::documented::{Asked, serve};
use crate::place::{Place, TOKEN};

fn answer(state: &mut Value, asked: &Asked) -> (u16, Value) {
    if asked.call != "POST /graphql" {
        return (404, json!({}));
    }
    if asked.authorization != format!("Bearer {TOKEN}") {
        return (
            401,
            json!({"errors": [{"message": "Authentication required, not authenticated"}]}),
        );
    }
    let Some(body) = asked.json() else {
        return (400, json!({"errors": [{"message": "not JSON"}]}));
    };
    let query = body["query"].as_str().unwrap_or_default();
    let input = &body["variables"]["input"];
    let known = [
        "url",
        "secret",
        "resourceTypes",
        "allPublicTeams",
        "enabled",
    ];
    let fields = input.as_object().into_iter().flatten();
    if let Some((name, _)) = fields
        .into_iter()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        let message = format!("Field \"{name}\" is not defined by type");
        return (200, json!({"errors": [{"message": message}]}));
    }
    if query.contains("webhooks(") {
        let page = json!({"hasNextPage": false, "endCursor": null});
        return (
            200,
            json!({"data": {"webhooks": {"nodes": state["webhooks"], "pageInfo": page}}}),
        );
    }
    if query.contains("webhookCreate(") && !input["resourceTypes"].is_array() {
        return (
            200,
            json!({"data": null, "errors": [{"message": "resourceTypes is required"}]}),
        );
    }
    let mut webhook = json!({"id": "5f1c", "url": null, "enabled": true, "resourceTypes": []});
    if query.contains("webhookUpdate(") {
        webhook = state["webhooks"][0].clone();
    }
    for name in ["url", "enabled", "resourceTypes"] {
        if !input[name].is_null() {
            webhook[name] = input[name].clone();
        }
    }
    state["secret"] = input["secret"].clone();
    state["webhooks"] = json!([webhook]);
    if state["odd"] == true {
        return (200, json!({"data": {"webhook": {"success": true}}}));
    }
    (
        200,
        json!({"data": {"webhook": {"success": true, "webhook": {"id": "5f1c"}}}}),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn makes_and_mends_a_webhook() {
    let place = Place::new().await;
    let api = serve(json!({"webhooks": []}), answer).await;
    let args = ["connect", "linear", "--credential", "-"];
    place
        .run(&api, &args)
        .await
        .is(0, "its endpoint 5f1c is made");
    let state = api.state().await;
    let secrets = place.secrets("linear", "default").await;
    assert_eq!(json!(secrets), json!([state["secret"]]));
    assert_eq!(
        state["webhooks"][0]["resourceTypes"],
        json!(["Issue", "Comment", "Project"])
    );

    let mut webhook = state["webhooks"][0].clone();
    webhook["enabled"] = json!(false);
    api.set(json!({"webhooks": [webhook]})).await;
    let check = [&args[..], &["--check"]].concat();
    place
        .run(&api, &check)
        .await
        .is(1, "not enabled\n    webhooks connect linear");
    place.run(&api, &args).await.is(0, "is set");
    place.run(&api, &check).await.is(0, "as it should be");
    assert_eq!(api.state().await["webhooks"], state["webhooks"]);
    place
        .run_with(&api, &args, "another")
        .await
        .is(1, "the credential needs an admin's key");
}

#[tokio::test(flavor = "multi_thread")]
async fn rotates_and_sets_back() {
    let place = Place::new().await;
    let api = serve(json!({"webhooks": []}), answer).await;
    super::rotate::there_and_back(&place, &api, "linear", "linear-Issue.create.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stays_when_it_is_not_known_what_became_of_the_call() {
    let place = Place::new().await;
    let api = serve(json!({"webhooks": [], "odd": true}), answer).await;
    let args = ["connect", "linear", "--credential", "-"];
    place.run(&api, &args).await.is(1, "cannot be read");
    let secrets = place.secrets("linear", "default").await;
    assert_eq!(json!(secrets), json!([api.state().await["secret"]]));
}
