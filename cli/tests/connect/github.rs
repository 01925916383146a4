//! GitHub.

use serde_json::json;

use crate::place::{Place, private_key, sdk};

const CONNECT: [&str; 6] = ["connect", "github", "--repo", "o/r", "--credential", "-"];

fn connect<'a>(more: &[&'a str]) -> Vec<&'a str> {
    CONNECT.iter().chain(more).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn makes_a_webhook_and_waits_for_its_ping() {
    let place = Place::new().await;
    let api = place.api("github").await;
    sdk("github", &api).await;
    api.calls().await;
    place.answered();

    let shown = place
        .run(&api, &connect(&["--dry-run", "--events", "push,issues"]))
        .await;
    shown.is(0, "POST https://api.github.com/repos/o/r/hooks\n");
    assert!(shown.text.contains(r#""secret":"***""#), "{}", shown.text);
    assert_eq!(api.calls().await, ["GET /repos/o/r/hooks"]);
    assert!(place.secrets("github", "default").await.is_empty());

    let made = place
        .run(&api, &connect(&["--events", "push,issues"]))
        .await;
    made.is(0, "its ping has arrived (200)");
    let state = api.state().await;
    let hook = &state["hooks"][0];
    assert_eq!(
        hook["config"]["url"],
        "https://hooks.example/webhooks/github"
    );
    assert_eq!(hook["config"]["content_type"], "json");
    assert_eq!(hook["events"], json!(["push", "issues"]));
    let secrets = place.secrets("github", "default").await;
    assert_eq!(json!(secrets), json!([hook["config"]["secret"]]));
    assert_eq!(secrets[0].len(), 64);
    // Also the ping of the moment in which it was made: the secret was there before.
    assert_eq!(place.answered(), [200, 200]);

    // To run it again changes nothing.
    place
        .run(&api, &connect(&[]))
        .await
        .is(0, "its ping has arrived");
    let again = api.state().await;
    assert_eq!(again["hooks"], state["hooks"]);
    assert_eq!(place.secrets("github", "default").await, secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_leaves_the_secrets_as_they_were() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let none = place
        .run_with(&api, &["connect", "github", "--repo", "o/r"], "")
        .await;
    none.is(2, "give it with --credential");
    place
        .run(&api, &["connect", "github", "--credential", "-"])
        .await
        .is(2, "the place at the provider is missing");
    place
        .run(&api, &connect(&["--number", "+1"]))
        .await
        .is(2, "github has no --number");
    place
        .run(&api, &["connect", "adyen", "--credential", "-"])
        .await
        .is(2, "these have one: github, stripe");

    let headers = json!({"x-accepted-github-permissions": "repository_hooks=write"});
    let denied =
        json!({"status": 403, "headers": headers, "body": {"message": "Resource not accessible"}});
    api.set(json!({"refuse": denied})).await;
    let denied = place.run(&api, &connect(&[])).await;
    denied.is(1, "it needs repository_hooks=write");
    let limited = json!({"status": 429, "headers": {"retry-after": "60"}, "body": {}});
    api.set(json!({"refuse": limited})).await;
    place
        .run(&api, &connect(&[]))
        .await
        .is(1, "the API takes no more calls until");
    api.set(json!({"refuse": null})).await;

    // Not as described: GitHub would not take an empty name.
    place
        .run(&api, &connect(&["--events", "push"]))
        .await
        .is(0, "its ping has arrived");
    let before = place.secrets("github", "default").await;
    let other = json!([{"id": 7, "active": true, "events": ["push"], "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "config": {"url": "https://old.example/webhooks/github", "content_type": "json", "insecure_ssl": "0"}}]);
    api.set(json!({"hooks": other})).await;
    let elsewhere = place.run(&api, &connect(&[])).await;
    elsewhere.is(
        1,
        "posts to https://old.example/webhooks/github; with --replace",
    );
    assert_eq!(place.secrets("github", "default").await, before);
    // Another stack of the same people: both are to have each event.
    place
        .run(&api, &connect(&["--beside"]))
        .await
        .is(0, "its ping has arrived");
    let hooks = api.state().await["hooks"].clone();
    assert_eq!(hooks.as_array().map(Vec::len), Some(2));
    assert_eq!(hooks[0], other[0]);
    api.set(json!({"hooks": other})).await;
    let lines = before.join("\n");
    let put = place.stack.put_secret("github", "default", &lines);
    put.await.expect("SSM answers");
    place
        .run(&api, &connect(&["--replace"]))
        .await
        .is(0, "its ping has arrived");
    let secrets = place.secrets("github", "default").await;
    // What may still be on its way is signed with the old one.
    assert_eq!((secrets.len(), &secrets[1]), (2, &before[0]));
    assert_eq!(api.state().await["hooks"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_works() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let hold = |token| {
        let ledger = place.stack.ledger().expect("a ledger");
        let now = webhooks::timestamp::Timestamp::now();
        let until = now.after(std::time::Duration::from_secs(300));
        async move { ledger.hold("github", "default", token, until, now).await }
    };
    assert!(hold("another").await.expect("DynamoDB answers"));
    assert!(hold("another").await.expect("DynamoDB answers"));
    assert!(!hold("a third").await.expect("DynamoDB answers"));
    place
        .run(&api, &connect(&[]))
        .await
        .is(1, "another webhooks connect or rotate is at work");
    assert!(api.calls().await.is_empty());
    let ledger = place.stack.ledger().expect("a ledger");
    let free = ledger.let_go("github", "default", "another").await;
    free.expect("DynamoDB answers");
    place
        .run(&api, &connect(&[]))
        .await
        .is(0, "its ping has arrived");
    place
        .run(&api, &connect(&[]))
        .await
        .is(0, "its ping has arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_what_is_wrong_and_mends_it() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let check = connect(&["--check"]);
    let none = place.run(&api, &check).await;
    none.is(1, "nothing posts to https://hooks.example/webhooks/github");
    place
        .run(&api, &connect(&[]))
        .await
        .is(0, "its ping has arrived");
    place.run(&api, &check).await.is(0, "as it should be");
    let events = place
        .run(&api, &connect(&["--check", "--events", "push,issues"]))
        .await;
    events.is(1, "does not ask for issues");

    let mut hooks = api.state().await["hooks"].take();
    hooks[0]["active"] = json!(false);
    hooks[0]["config"]["content_type"] = json!("form");
    hooks[0]["config"]["insecure_ssl"] = json!("1");
    hooks[0]["config"]["secret"] = json!("another, set by hand");
    let mut double = hooks[0].clone();
    double["id"] = json!(9);
    api.set(json!({"hooks": [hooks[0], double]})).await;
    let found = place.run(&api, &check).await;
    for what in ["not active", "content type", "certificate", "once more"] {
        found.is(1, what);
    }
    assert!(
        found.text.contains("webhooks connect github"),
        "{}",
        found.text
    );
    api.set(json!({"hooks": [hooks[0]]})).await;
    place
        .run(&api, &connect(&[]))
        .await
        .is(0, "its ping has arrived");
    place.run(&api, &check).await.is(0, "as it should be");

    // Without a name, every source that has a credential; the reconciler's names the repository.
    let credential =
        json!({"token": crate::place::TOKEN, "repository": "o/r", "hook": 1}).to_string();
    let put = place
        .stack
        .put_credential("github", "default", &credential)
        .await;
    put.expect("SSM takes it");
    place
        .run(&api, &["connect", "--check"])
        .await
        .is(0, "github/default: as it should be");
    for provider in ["airtable", "stripe"] {
        let put = place
            .stack
            .put_secret(provider, "default", "of the provider");
        put.await.expect("SSM takes it");
    }
    let partly = place.run(&api, &["connect", "--check"]).await;
    partly.is(0, "github/default: as it should be");
    partly.is(
        0,
        "stripe/default: not checked: it has no credential for the provider's API",
    );
    partly.is(
        0,
        "airtable/default: not checked: nothing here asks its provider's API",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_of_an_organisation_has_a_source_of_its_own() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let args = [
        "connect",
        "github/acme",
        "--org",
        "acme",
        "--credential",
        "-",
    ];
    place.run(&api, &args).await.is(0, "its ping has arrived");
    let state = api.state().await;
    let url = &state["hooks"][0]["config"]["url"];
    assert_eq!(url, "https://hooks.example/webhooks/github/acme");
    assert_eq!(place.secrets("github", "acme").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_of_an_app_is_set_and_rotated() {
    let place = Place::new().await;
    let api = place.api("github").await;
    let credential = json!({"app": 12345, "private_key": private_key().await}).to_string();
    let run = async |command: &str, more: &[&str]| {
        let args = ["github/app", "--app", "--credential", "-"];
        let args = [&[command], &args[..], more].concat();
        place.run_with(&api, &args, &credential).await
    };
    let shown = run("connect", &["--dry-run"]).await;
    shown.is(0, "PATCH https://api.github.com/app/hook/config\n");
    assert!(shown.text.contains(r#""secret":"***""#), "{}", shown.text);
    let made = run("connect", &[]).await;
    made.is(0, "tick the events in the App's settings");
    made.is(0, "an App has no ping");
    let app = api.state().await["app"].take();
    assert_eq!(app["url"], "https://hooks.example/webhooks/github/app");
    assert_eq!(app["content_type"], "json");
    let secrets = place.secrets("github", "app").await;
    assert_eq!(json!(secrets), json!([app["secret"]]));
    run("connect", &["--check"]).await.is(0, "as it should be");

    run("rotate", &["--settle", "0s"])
        .await
        .is(0, "the old secret is accepted until");
    let rotated = place.secrets("github", "app").await;
    assert_eq!((rotated.len(), &rotated[1]), (2, &secrets[0]));
    assert_eq!(api.state().await["app"]["secret"], json!(rotated[0]));
    run("rotate", &["--abandon"])
        .await
        .is(0, "the old secret signs again");
    assert_eq!(api.state().await["app"]["secret"], json!(secrets[0]));
}
