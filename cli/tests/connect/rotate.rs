//! `webhooks rotate`.

use std::time::{Duration, Instant};

use serde_json::json;
use webhooks::timestamp::Timestamp;

use crate::place::{Api, Place, TOKEN};

const GITHUB: [&str; 5] = ["github", "--repo", "o/r", "--credential", "-"];

async fn github(place: &Place, api: &Api, command: &str, more: &[&str]) -> crate::place::Said {
    let args = [&[command], &GITHUB[..], more].concat();
    let settle: &[&str] = if command == "rotate" {
        &["--settle", "0s"]
    } else {
        &[]
    };
    let args = [&args[..], settle].concat();
    place.run(api, &args).await
}

/// Connects, rotates, and goes back to the old secret, at an API that keeps what it is told in `secret`.
pub(crate) async fn there_and_back(place: &Place, api: &Api, provider: &str, file: &str) {
    let run = async |command: &str, more: &[&str]| {
        let args = [&[command, provider, "--credential", "-"], more].concat();
        place.run(api, &args).await
    };
    let secrets = async || place.secrets(provider, "default").await;
    run("connect", &[]).await.is(0, "");
    let old = secrets().await.remove(0);
    run("rotate", &["--abandon"])
        .await
        .is(0, "no rotation was begun");
    run("rotate", &["--settle", "0s"])
        .await
        .is(0, "the old secret is accepted until");
    let begun = secrets().await;
    assert_eq!((begun.len(), &begun[1]), (2, &old));
    assert_eq!(api.state().await["secret"], json!(begun[0]));
    assert_eq!(place.deliver(provider, file, &begun[0]).await, 202);
    let shown = run("rotate", &["--abandon", "--dry-run"]).await;
    shown.is(0, "nothing was changed");
    assert_eq!(secrets().await, begun);
    run("rotate", &["--abandon"])
        .await
        .is(0, "the old secret signs again");
    assert_eq!(api.state().await["secret"], json!(old));
    assert_eq!(secrets().await, [old.clone(), begun[0].clone()]);
    // As after a rotation: what the discarded one has signed is taken until it signs nothing any more.
    assert_eq!(place.deliver(provider, file, &begun[0]).await, 202);
    let finish = ["--finish", "--quiet", "1s"];
    assert_eq!(place.deliver(provider, file, &old).await, 202);
    run("rotate", &finish).await.is(1, "");
    tokio::time::sleep(Duration::from_secs(2)).await;
    run("rotate", &finish).await.is(0, "is dropped");
    assert_eq!(secrets().await, [old]);
}

#[tokio::test(flavor = "multi_thread")]
async fn drops_the_old_secret_when_the_new_one_alone_signs() {
    let place = Place::new().await;
    let api = place.api("github").await;
    github(&place, &api, "rotate", &[])
        .await
        .is(1, "begin with webhooks connect github");
    github(&place, &api, "connect", &[])
        .await
        .is(0, "its ping has arrived");
    let old = place.secrets("github", "default").await.remove(0);
    assert_eq!(place.deliver("github", "github-push.json", &old).await, 202);

    let shown = github(&place, &api, "rotate", &["--dry-run"]).await;
    shown.is(0, r#""secret":"***""#);
    assert_eq!(
        place.secrets("github", "default").await,
        std::slice::from_ref(&old)
    );
    github(&place, &api, "rotate", &[])
        .await
        .is(0, "its ping has arrived");
    let secrets = place.secrets("github", "default").await;
    assert_eq!((secrets.len(), &secrets[1]), (2, &old));
    let state = api.state().await;
    assert_eq!(state["hooks"][0]["config"]["secret"], json!(secrets[0]));

    // A delivery that was on its way.
    assert_eq!(place.deliver("github", "github-push.json", &old).await, 202);
    let early = github(&place, &api, "rotate", &["--finish"]).await;
    early.is(1, "not for 1day yet");
    let needed = github(&place, &api, "rotate", &["--finish", "--quiet", "0s"]).await;
    needed.is(1, "nothing has arrived that the new secret has signed");
    assert_eq!(place.secrets("github", "default").await, secrets);

    assert_eq!(
        place
            .deliver("github", "github-push.json", &secrets[0])
            .await,
        202
    );
    // It goes on with the secret that is there, and has to wait until the old one is quiet.
    let waited = github(&place, &api, "rotate", &["--wait", "--quiet", "4s"]).await;
    waited.is(0, "goes on with the secret");
    waited.is(0, "not for 4s yet");
    waited.is(0, "the old secret is dropped");
    assert_eq!(
        place.secrets("github", "default").await,
        [secrets[0].clone()]
    );
    assert_eq!(place.deliver("github", "github-push.json", &old).await, 401);
    github(&place, &api, "rotate", &["--finish"])
        .await
        .is(0, "there is no old secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_rotation_leaves_everything_as_it_was() {
    let place = Place::new().await;
    let api = place.api("github").await;
    github(&place, &api, "connect", &[])
        .await
        .is(0, "its ping has arrived");
    let before = place.secrets("github", "default").await;
    let state = api.state().await;
    // The token may read, and no more.
    api.set(json!({"readonly": true})).await;
    github(&place, &api, "rotate", &[])
        .await
        .is(1, "it needs repository_hooks=write");
    assert_eq!(place.secrets("github", "default").await, before);
    assert_eq!(api.state().await["hooks"], state["hooks"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_stripe_is_followed_by_a_second_one() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    let stripe = ["stripe", "--credential", "-"];
    let run = async |command: &str, more: &[&str]| {
        place
            .run(&api, &[&[command], &stripe[..], more].concat())
            .await
    };
    run("connect", &["--events", "charge.succeeded"])
        .await
        .is(0, "is made");
    let old = place.secrets("stripe", "default").await.remove(0);
    let first = api.state().await["endpoints"][0]["id"].clone();
    let credential = json!({"key": TOKEN, "endpoint": first}).to_string();
    let put = place
        .stack
        .put_credential("stripe", "default", &credential)
        .await;
    put.expect("SSM takes it");

    run("rotate", &[]).await.is(0, "is made beside");
    let secrets = place.secrets("stripe", "default").await;
    assert_eq!((secrets.len(), &secrets[1]), (2, &old));
    run("rotate", &[]).await.is(0, "under way already");
    let state = api.state().await;
    assert_eq!(state["endpoints"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        state["endpoints"][0]["enabled_events"],
        json!(["charge.succeeded"])
    );
    run("connect", &["--check"])
        .await
        .is(1, "--finish removes the old one");

    // What the old endpoint sends, the new one sends as well.
    let event = "stripe-charge.succeeded.json";
    assert_eq!(place.deliver("stripe", event, &old).await, 202);
    run("rotate", &["--finish", "--quiet", "0s"])
        .await
        .is(1, "nothing has arrived");
    assert_eq!(place.deliver("stripe", event, &secrets[0]).await, 202);
    // Whatever the order in which they are listed.
    let mut endpoints = state["endpoints"].clone();
    let later = Timestamp::now().seconds() + 60;
    endpoints[0]["created"] = json!(later);
    endpoints.as_array_mut().expect("a list").reverse();
    api.set(json!({"endpoints": endpoints})).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let finished = run("rotate", &["--finish", "--quiet", "1s"]).await;
        if finished.code == Some(0) {
            break;
        }
        assert!(Instant::now() < deadline, "{}", finished.text);
    }
    let state = api.state().await;
    assert_eq!(state["endpoints"].as_array().map(Vec::len), Some(1));
    let second = &state["endpoints"][0]["id"];
    assert_ne!(*second, first);
    assert_eq!(
        place.secrets("stripe", "default").await,
        [secrets[0].clone()]
    );
    // The reconciler asks for the endpoint that is left.
    let credential = place.stack.credential("stripe", "default").await;
    let credential = credential.expect("SSM answers").expect("a credential");
    assert!(credential.contains(second.as_str().expect("an id")));
    run("connect", &["--check"]).await.is(0, "as it should be");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_an_account_is_changed_by_hand() {
    let place = Place::new().await;
    let taken = json!({"sid": "PN77", "sms_url": "https://hooks.example/webhooks/twilio"});
    let first = json!({"numbers": [taken]});
    let api = crate::documented::serve(first, |state, _| {
        (200, json!({"incoming_phone_numbers": state["numbers"]}))
    });
    let api = api.await;
    let credential = json!({"account": "AC0123", "token": TOKEN}).to_string();
    let args = ["rotate", "twilio", "--number", "+1555", "--credential", "-"];
    let said = place.run_with(&api, &args, &credential).await;
    said.is(2, "webhooks connect twilio --secret WHERE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_endpoint_of_stripe_is_discarded() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    let run = async |command: &str, more: &[&str]| {
        let args = [&[command, "stripe", "--credential", "-"], more].concat();
        place.run(&api, &args).await
    };
    run("connect", &[]).await.is(0, "is made");
    let old = place.secrets("stripe", "default").await;
    let first = api.state().await["endpoints"].clone();
    run("rotate", &[]).await.is(0, "is made beside");
    // The answer to the removal is lost, and it is asked for again.
    let second = api.state().await["endpoints"][0]["id"].clone();
    let id = second.as_str().expect("an id");
    let remove = format!("DELETE /v1/webhook_endpoints/{id}");
    api.set(json!({"lose": [remove]})).await;
    run("rotate", &["--abandon"]).await.is(0, "is dropped");
    assert_eq!(api.state().await["endpoints"], first);
    assert_eq!(place.secrets("stripe", "default").await, old);
    run("rotate", &["--abandon"])
        .await
        .is(0, "no rotation was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_that_is_left_is_not_abandoned() {
    let place = Place::new().await;
    let api = place.api("stripe").await;
    let run = async |command: &str, more: &[&str]| {
        let args = [&[command, "stripe", "--credential", "-"], more].concat();
        place.run(&api, &args).await
    };
    run("connect", &[]).await.is(0, "is made");
    run("rotate", &[]).await.is(0, "is made beside");
    let secrets = place.secrets("stripe", "default").await;
    // Somebody removes the new one by hand, after it has signed.
    let event = "stripe-charge.succeeded.json";
    assert_eq!(place.deliver("stripe", event, &secrets[0]).await, 202);
    let mut endpoints = api.state().await["endpoints"].clone();
    endpoints.as_array_mut().expect("a list").remove(0);
    api.set(json!({"endpoints": endpoints})).await;
    assert_eq!(place.deliver("stripe", event, &secrets[1]).await, 202);
    run("rotate", &["--abandon"])
        .await
        .is(1, "there is none to go back to");
    // The one that is left signs with the old secret, which is needed.
    let finish = ["--finish", "--quiet", "1s"];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let deliver = place.deliver("stripe", event, &secrets[1]);
    assert_eq!(deliver.await, 202);
    run("rotate", &finish)
        .await
        .is(1, "the old secret has signed");
    assert_eq!(place.secrets("stripe", "default").await, secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_made_up_for_by_the_next_run() {
    let place = Place::new().await;
    let api = place.api("github").await;
    api.set(json!({"lose": ["POST /repos/o/r/hooks"]})).await;
    github(&place, &api, "connect", &[])
        .await
        .is(1, "run the same command again");
    github(&place, &api, "connect", &[])
        .await
        .is(0, "its ping has arrived");
    let state = api.state().await;
    assert_eq!(state["hooks"].as_array().map(Vec::len), Some(1));
    let secrets = place.secrets("github", "default").await;
    assert_eq!(
        json!(secrets),
        json!([state["hooks"][0]["config"]["secret"]])
    );

    let change = format!("PATCH /repos/o/r/hooks/{}", state["hooks"][0]["id"]);
    api.set(json!({"lose": [change]})).await;
    github(&place, &api, "rotate", &[])
        .await
        .is(1, "run the same command again");
    let begun = place.secrets("github", "default").await;
    assert_eq!((begun.len(), &begun[1]), (2, &secrets[0]));
    github(&place, &api, "rotate", &[])
        .await
        .is(0, "goes on with the secret");
    assert_eq!(place.secrets("github", "default").await, begun);
    let state = api.state().await;
    assert_eq!(state["hooks"][0]["config"]["secret"], json!(begun[0]));
}
