//! GitLab, as <https://docs.gitlab.com/api/project_webhooks/> has it.

use serde_json::{Value, json};

use crate::documented::{Asked, serve};
use crate::place::{Place, TOKEN};

const HOOKS: &str = "/projects/acme%2Fshop/hooks";

fn answer(state: &mut Value, asked: &Asked) -> (u16, Value) {
    if asked.authorization != format!("Bearer {TOKEN}") {
        return (401, json!({"message": "401 Unauthorized"}));
    }
    if asked.call == format!("GET {HOOKS}") {
        return (200, state["hooks"].clone());
    }
    if asked.call == format!("POST {HOOKS}/1/test/push_events") {
        return (201, json!({"message": "201 Created"}));
    }
    let is_made = asked.call == format!("POST {HOOKS}");
    if !is_made && asked.call != format!("PUT {HOOKS}/1") {
        return (404, json!({"message": "404 Not found"}));
    }
    let Some(mut hook) = asked.json().filter(|hook| hook["url"].is_string()) else {
        return (400, json!({"error": "url is missing"}));
    };
    // It is never shown.
    state["token"] = hook["token"].take();
    let mut shown =
        json!({"id": 1, "push_events": true, "alert_status": "executable", "disabled_until": null});
    if !is_made {
        shown = state["hooks"][0].clone();
    }
    for (name, value) in hook.as_object().expect("an object") {
        if name != "token" {
            shown[name] = value.clone();
        }
    }
    state["hooks"] = json!([shown]);
    (if is_made { 201 } else { 200 }, shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn makes_a_webhook_and_waits_for_its_test_in_the_ledger() {
    let place = Place::new().await;
    let api = serve(json!({"hooks": [], "token": null}), answer).await;
    let args = [
        "connect",
        "gitlab",
        "--project",
        "acme/shop",
        "--credential",
        "-",
    ];
    // Nobody delivers.
    let late = place
        .run(&api, &[&args[..], &["--within", "1s"]].concat())
        .await;
    late.is(1, "the test has not arrived in time");
    let state = api.state().await;
    let secrets = place.secrets("gitlab", "default").await;
    assert_eq!(json!(secrets), json!([state["token"]]));
    assert_eq!(state["hooks"][0]["enable_ssl_verification"], true);

    let events = [&args[..], &["--events", "merge_requests_events"]].concat();
    let (set, ()) = futures::join!(place.run(&api, &events), async {
        while !api.state().await["calls"]
            .to_string()
            .contains("/hooks/1/test/merge_requests_events")
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    // This server has no test for it, as GitLab has none where there is no merge request.
    set.is(0, "no test was sent");
    let hook = api.state().await["hooks"][0].clone();
    assert_eq!(
        (&hook["push_events"], &hook["merge_requests_events"]),
        (&json!(false), &json!(true))
    );

    let run = place.run(&api, &args);
    let deliver = async {
        while !api.state().await["calls"]
            .to_string()
            .ends_with("/test/push_events\"]")
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let secret = &place.secrets("gitlab", "default").await[0];
        assert_eq!(
            place
                .deliver("gitlab", "gitlab-Push_Hook.json", secret)
                .await,
            202
        );
    };
    let (arrived, ()) = futures::join!(run, deliver);
    arrived.is(0, "its test is in the ledger, gitlab/default/");
    assert_eq!(place.secrets("gitlab", "default").await, secrets);

    let mut hook = api.state().await["hooks"][0].clone();
    hook["alert_status"] = json!("disabled");
    api.set(json!({"hooks": [hook]})).await;
    let check = [&args[..], &["--check"]].concat();
    place.run(&api, &check).await.is(1, "it is disabled");
}
