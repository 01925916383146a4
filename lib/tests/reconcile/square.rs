//! Square. The bodies are those of
//! <https://developer.squareup.com/reference/square/events-api/SearchEvents>,
//! <https://developer.squareup.com/reference/square/webhook-subscriptions-api/RetrieveWebhookSubscription> and
//! <https://developer.squareup.com/docs/build-basics/general-considerations/handling-errors>.

use serde_json::Value;

use crate::api::{Answer, Asked};
use crate::case::{Case, open};
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "square",
    credential: r#"{"token": "marker-of-a-secret", "subscription": "wbhk_b35f6b3145074cf9ad513610786c19d5"}"#,
    list: "POST /v2/events",
    files: ["square-payment.updated.json", "square-order.updated.json"],
    time: "created_at",
    as_sent: false,
    answer,
};

const UNAUTHORIZED: &str = r#"{"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED",
    "detail": "This request could not be authorized."}]}"#;

const SUBSCRIPTION: &str = r#"{"subscription": {"id": "wbhk_b35f6b3145074cf9ad513610786c19d5",
    "name": "Example Webhook Subscription", "enabled": true,
    "event_types": ["order.updated", "payment.updated"],
    "notification_url": "https://example-webhook-url.com", "api_version": "2021-12-15",
    "signature_key": "1k9bIJKCeTmSQwyagtNRLg",
    "created_at": "2022-08-17 23:29:48 +0000 UTC", "updated_at": "2022-08-17 23:29:48 +0000 UTC"}}"#;

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        return Answer::json(401, UNAUTHORIZED);
    }
    match &*asked.call() {
        "GET /v2/webhooks/subscriptions/wbhk_b35f6b3145074cf9ad513610786c19d5" => {
            Answer::json(200, SUBSCRIPTION)
        }
        "POST /v2/events" => search(sent, &asked.body),
        _ => Answer::json(
            404,
            r#"{"errors": [{"code": "NOT_FOUND", "detail": "Not found."}]}"#,
        ),
    }
}

/// A page, by a cursor that is good for its own query alone.
fn search(sent: &[Sent], body: &str) -> Answer {
    let body: Value = serde_json::from_str(body).expect("JSON");
    let query = body["query"].to_string();
    let hash = query.bytes().fold(7_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    let at = match body["cursor"].as_str() {
        None => 0,
        Some(cursor) => match cursor.split_once('-') {
            Some((at, of)) if of == hash.to_string() => at.parse().expect("a number"),
            _ => return Answer::json(400, r#"{"errors": [{"code": "INVALID_CURSOR"}]}"#),
        },
    };
    let Some(event) = sent.get(at) else {
        return Answer::json(200, "{}");
    };
    let metadata = format!(
        r#"[{{"event_id": "{}", "api_version": "2022-12-13"}}]"#,
        event.id
    );
    let cursor = format!("{}-{hash}", at + 1);
    Answer::json(
        200,
        format!(
            r#"{{"events": [{}], "metadata": {metadata}, "cursor": "{cursor}"}}"#,
            event.body
        ),
    )
}

#[tokio::test]
async fn asks_for_the_subscribed_types_and_keeps_to_one_query() {
    let api = CASE.api(CASE.sent()).await;
    let archive = CASE.archive(&api);
    let first = archive.page(None, ago(300)).await.expect("a page");
    // The time of the next call is another; the query is not.
    let second = archive.page(first.next.as_deref(), ago(299)).await;
    let second = second.expect("a page");
    assert_eq!((first.listed.len(), second.listed.len()), (1, 1));
    let last = archive.page(second.next.as_deref(), ago(299)).await;
    let last = last.expect("a page");
    assert!(last.listed.is_empty() && last.next.is_none(), "{last:?}");
    let asked = api.asked();
    let query: Value = serde_json::from_str(&asked[1].body).expect("JSON");
    assert_eq!(
        query["query"]["filter"]["event_types"],
        serde_json::json!(["order.updated", "payment.updated"])
    );
    let subscriptions = asked.iter().filter(|asked| asked.method == "GET");
    assert_eq!(subscriptions.count(), 1);
}

#[tokio::test]
async fn refuses_a_subscription_that_would_be_another_path() {
    let api = CASE.api(Vec::new()).await;
    let credential = r#"{"token": "t", "subscription": "../../v2/locations"}"#;
    let archive = webhooks::reconcile::archive("square", credential, api.hosts());
    assert!(archive.expect("its API can be asked").is_err());
    let archive = open(
        "square",
        &credential.replace("../../v2/locations", "wbhk_1"),
        &api,
    );
    assert!(archive.page(None, ago(1)).await.is_err());
    assert_eq!(api.calls(), ["GET /v2/webhooks/subscriptions/wbhk_1"]);
}
