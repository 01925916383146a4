//! Telegram, as <https://core.telegram.org/bots/api#setwebhook> has it.

use serde_json::{Value, json};

use crate::documented::{Asked, serve};
use crate::place::{Place, TOKEN};

fn answer(state: &mut Value, asked: &Asked) -> (u16, Value) {
    let (_, path) = asked.call.split_once(' ').unwrap_or_default();
    let Some(method) = path.strip_prefix(&format!("/bot{TOKEN}/")) else {
        return (
            401,
            json!({"ok": false, "error_code": 401, "description": "Unauthorized"}),
        );
    };
    match method {
        "getWebhookInfo" => (200, json!({"ok": true, "result": state["webhook"]})),
        "setWebhook" if state["refuses"] == true => (
            200,
            json!({"ok": false, "error_code": 400, "description": "Bad Request: no"}),
        ),
        "setWebhook" => {
            let Some(body) = asked.json() else {
                return (
                    400,
                    json!({"ok": false, "error_code": 400, "description": "Bad Request: no JSON"}),
                );
            };
            let secret = body["secret_token"].as_str().unwrap_or_default();
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            if !(1..=256).contains(&secret.len()) || !secret.bytes().all(is_allowed) {
                return (
                    400,
                    json!({"ok": false, "error_code": 400, "description": "Bad Request: secret token"}),
                );
            }
            state["secret"] = json!(secret);
            state["webhook"]["url"] = body["url"].clone();
            if !body["allowed_updates"].is_null() {
                state["webhook"]["allowed_updates"] = body["allowed_updates"].clone();
            }
            (
                200,
                json!({"ok": true, "result": true, "description": "Webhook was set"}),
            )
        }
        _ => (
            404,
            json!({"ok": false, "error_code": 404, "description": "Not Found"}),
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_the_webhook_of_a_bot() {
    let place = Place::new().await;
    let info = json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0});
    let api = serve(json!({"webhook": info}), answer).await;
    let args = ["connect", "telegram", "--credential", "-"];
    let shown = place.run(&api, &[&args[..], &["--dry-run"]].concat()).await;
    shown.is(0, "POST https://api.telegram.org/bot***/setWebhook");
    place
        .run(&api, &[&args[..], &["--events", "message"]].concat())
        .await
        .is(0, "send the bot a message");
    let state = api.state().await;
    let secrets = place.secrets("telegram", "default").await;
    assert_eq!(json!(secrets), json!([state["secret"]]));
    let check = [&args[..], &["--check"]].concat();
    place.run(&api, &check).await.is(0, "as it should be");
    let mut webhook = state["webhook"].clone();
    webhook["url"] = json!("https://another.example/bot");
    webhook["last_error_date"] = json!(webhooks::timestamp::Timestamp::now().seconds() - 60);
    webhook["last_error_message"] = json!("Wrong response from the webhook: 401 Unauthorized");
    api.set(json!({"webhook": webhook})).await;
    place
        .run(&api, &check)
        .await
        .is(1, "posts to https://another.example/bot");
    place.run(&api, &args).await.is(1, "with --replace");
    place
        .run(&api, &[&args[..], &["--replace"]].concat())
        .await
        .is(0, "is set");
    place
        .run(&api, &check)
        .await
        .is(1, "Wrong response from the webhook: 401");
    place.run_with(&api, &args, "9:another").await.is(
        1,
        "Unauthorized); the credential needs the token of the bot",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rotates_and_sets_back() {
    let place = Place::new().await;
    let info = json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0});
    let api = serve(json!({"webhook": info}), answer).await;
    super::rotate::there_and_back(&place, &api, "telegram", "telegram-message.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_a_status_of_success_is_one() {
    let place = Place::new().await;
    let info = json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0});
    let api = serve(json!({"webhook": info, "refuses": true}), answer).await;
    let args = ["connect", "telegram", "--credential", "-"];
    place.run(&api, &args).await.is(1, "Bad Request: no");
    assert!(place.secrets("telegram", "default").await.is_empty());
}
