//! GitLab, as <https://docs.gitlab.com/api/project_webhooks/> has it.

use serde_json::{Value, json};

use crate::documented::{Asked, serve};
use crate::place::{Api, Place, Said, TOKEN};

const HOOKS: [&str; 2] = ["/projects/acme%2Fshop/hooks", "/groups/acme%2Fteam/hooks"];

fn answer(state: &mut Value, asked: &Asked) -> (u16, Value) {
    if asked.authorization != format!("Bearer {TOKEN}") {
        return (401, json!({"message": "401 Unauthorized"}));
    }
    let (method, path) = asked.call.split_once(' ').unwrap_or_default();
    let Some(path) = HOOKS.iter().find_map(|hooks| path.strip_prefix(hooks)) else {
        return (404, json!({"message": "404 Not found"}));
    };
    let is_made = match (method, path) {
        ("GET", "") => return (200, state["hooks"].clone()),
        ("POST", "/1/test/push_events") => return (201, json!({"message": "201 Created"})),
        ("POST", "") => true,
        ("PUT", "/1") => false,
        _ => return (404, json!({"message": "404 Not found"})),
    };
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

/// Runs the command, and delivers the test that it asks for.
async fn tested(place: &Place, api: &Api, args: &[&str]) -> Said {
    api.calls().await;
    let deliver = async {
        while !api.state().await["calls"]
            .to_string()
            .ends_with("/test/push_events\"]")
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let secret = api.state().await["token"].take();
        let secret = secret.as_str().expect("a secret");
        let file = "gitlab-Push_Hook.json";
        assert_eq!(place.deliver("gitlab", file, secret).await, 202);
    };
    futures::join!(place.run(api, args), deliver).0
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

    tested(&place, &api, &args)
        .await
        .is(0, "its test is in the ledger, gitlab/default/");
    assert_eq!(place.secrets("gitlab", "default").await, secrets);

    let mut hook = api.state().await["hooks"][0].clone();
    hook["alert_status"] = json!("disabled");
    api.set(json!({"hooks": [hook]})).await;
    let check = [&args[..], &["--check"]].concat();
    place.run(&api, &check).await.is(1, "it is disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_of_a_group_is_rotated_and_set_back() {
    let place = Place::new().await;
    let api = serve(json!({"hooks": [], "token": null}), answer).await;
    let run = async |command: &str, more: &[&str]| {
        let args = ["gitlab", "--group", "acme/team", "--credential", "-"];
        let args = [&[command], &args[..], more].concat();
        if more.contains(&"--finish") {
            return place.run(&api, &args).await;
        }
        tested(&place, &api, &args).await
    };
    run("connect", &[]).await.is(0, "its test is in the ledger");
    let calls = api.calls().await;
    assert!(calls.contains(&"POST /groups/acme%2Fteam/hooks".to_owned()));
    let old = place.secrets("gitlab", "default").await.remove(0);
    run("rotate", &["--settle", "0s"])
        .await
        .is(0, "its test is in the ledger");
    let secrets = place.secrets("gitlab", "default").await;
    assert_eq!((secrets.len(), &secrets[1]), (2, &old));
    assert_eq!(api.state().await["token"], json!(secrets[0]));
    run("rotate", &["--abandon"])
        .await
        .is(0, "its test is in the ledger");
    assert_eq!(api.state().await["token"], json!(old));
    // What the discarded one has signed is taken until it is dropped.
    let both = [old.clone(), secrets[0].clone()];
    assert_eq!(place.secrets("gitlab", "default").await, both);
    let quiet = ["--finish", "--quiet", "0s"];
    run("rotate", &quiet).await.is(0, "is dropped");
    assert_eq!(place.secrets("gitlab", "default").await, [old]);
}
